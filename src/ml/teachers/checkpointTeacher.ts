import type { TeacherCard } from "../../contract/teacher.ts";
import type { Checkpoint } from "../../formats/checkpoint.ts";
import { loadWeights } from "../models/weights.ts";
import { imageNetPreprocessing } from "../tensors/normalizeImages.ts";
import { NetworkTeacher } from "./networkTeacher.ts";
import { recogniseTeacher } from "./recogniseTeacher.ts";

/**
 * A teacher from a checkpoint: recognised by names and shapes, then loaded whole or refused.
 *
 * @throws AppError "teacher-mismatch" or "file-unreadable", with the names of what does not fit.
 */
export function createCheckpointTeacher(
  checkpoint: Checkpoint,
  about: { readonly name: string; readonly bytes: number; readonly source?: TeacherCard["source"] },
): NetworkTeacher {
  const { card, network, tensors, refusal } = recogniseTeacher(checkpoint, about);
  if (refusal !== null) throw refusal;
  const state = new Map(
    [...tensors].map(([name, tensor]) => [name, { shape: tensor.shape, data: tensor.toFloat32() }]),
  );
  return new NetworkTeacher(card, network, loadWeights(network, state, false), imageNetPreprocessing);
}
