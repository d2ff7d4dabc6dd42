export type ScheduleName = "cosinePerStep" | "cosinePerEpoch" | "constant";

/**
 * The share of the starting learning rate that step `step` uses.
 *
 *     cosine:  ½·(1 + cos(π·progress)),  progress = step/total (per step) or epoch/epochs (per epoch, as published)
 *
 * @param step 0 is the first.  @param totalSteps > 0.  @param stepsPerEpoch > 0; epochs = ⌈total/perEpoch⌉.
 */
export function scheduleFactor(
  name: ScheduleName,
  step: number,
  totalSteps: number,
  stepsPerEpoch: number,
): number {
  switch (name) {
    case "constant":
      return 1;
    case "cosinePerStep":
      return 0.5 * (1 + Math.cos((Math.PI * step) / totalSteps));
    case "cosinePerEpoch":
      return (
        0.5 *
        (1 + Math.cos((Math.PI * Math.floor(step / stepsPerEpoch)) / Math.ceil(totalSteps / stepsPerEpoch)))
      );
  }
}
