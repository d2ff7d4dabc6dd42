import type { ViewPair } from "../../../src/ml/augment/viewPair.ts";
import type { AugmentData } from "./augmentJob.ts";

/**
 * "ours-webgpu": `GpuViewSource`. "ours-typescript": `CpuViewSource`, plain loops. "tfjs-webgpu": tfjs's operations over
 * the whole batch. "canvas": a 2D canvas and its filters, image by image.
 */
export const augmentContestantNames = ["canvas", "tfjs-webgpu", "ours-typescript", "ours-webgpu"] as const;
export type AugmentContestantName = (typeof augmentContestantNames)[number];

/** One way to render views. Each ends with tensors of tfjs's WebGPU backend, which is there already. */
export interface AugmentContestant {
  /** Takes the images to where it wants them. @returns what renders both views of all images once. */
  prepare(data: AugmentData): Promise<() => ViewPair>;
}
