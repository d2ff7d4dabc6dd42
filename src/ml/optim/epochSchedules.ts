/**
 * Schedules of published recipes, by epoch. Each gives a share of the starting value; epoch 0 is the first.
 */

/** Rises in equal parts over `warmupEpochs` to 1, then falls as half a cosine over the remaining epochs. */
export function warmupCosineFactor(epoch: number, epochs: number, warmupEpochs: number): number {
  if (epoch < warmupEpochs) return (epoch + 1) / warmupEpochs;
  return 0.5 * (1 + Math.cos((Math.PI * (epoch - warmupEpochs)) / (epochs - warmupEpochs)));
}

/** Multiplied by `factor` at each milestone: the linear probes of MoCo and DisCo. */
export function milestoneFactor(epoch: number, milestones: readonly number[], factor: number): number {
  return factor ** milestones.filter((milestone) => epoch >= milestone).length;
}

/** BYOL's momentum of the mean network, from `start` at progress 0 to 1 at progress 1: 1 − (1 − start)·½(1 + cos π·progress). */
export function risingMomentum(start: number, progress: number): number {
  return 1 - (1 - start) * 0.5 * (1 + Math.cos(Math.PI * progress));
}
