import { read, type Binding } from "./kernel.ts";
import { Struct } from "./struct.ts";

/** What changes from step to step: kernels read it as `settings`. */
export const stepSettings = new Struct("Settings", {
  learningRate: "f32",
  distillWeight: "f32",
  contrastiveWeight: "f32",
  temperature: "f32",
  // 1 − βᵗ: what Adam's moments hold of a constant gradient after t steps.
  firstMomentShare: "f32",
  secondMomentShare: "f32",
});

export function readSettings(): Binding {
  return { ...read("settings", stepSettings), single: true };
}
