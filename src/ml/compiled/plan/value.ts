import type { PlanTensor } from "./plan.ts";

/** A result of a layer: [samples, pixels, channels], channels filled up to a multiple of four. */
export interface Value {
  readonly tensor: PlanTensor;
  readonly samples: number;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
}
