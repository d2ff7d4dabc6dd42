import { normalisations, type TeacherRecipe } from "../../contract/teacher.ts";
import type { Checkpoint } from "../../formats/checkpoint.ts";
import { loadWeights } from "../models/weights.ts";
import { preprocessings } from "../tensors/normalizeImages.ts";
import { NetworkTeacher } from "./networkTeacher.ts";
import { recogniseTeacher, type AboutTeacherFile } from "./recogniseTeacher.ts";

/**
 * A teacher from a checkpoint: recognised by names and shapes, then loaded whole or refused.
 *
 * @param recipe its input size and normalisation, where they are known better than from the file.
 * @throws AppError "teacher-mismatch" or "file-unreadable", with the names of what does not fit.
 */
export function createCheckpointTeacher(
  checkpoint: Checkpoint,
  about: AboutTeacherFile,
  recipe: TeacherRecipe = {},
): NetworkTeacher {
  const { card: recognised, network, tensors, refusal } = recogniseTeacher(checkpoint, about);
  if (refusal !== null) throw refusal;
  const state = new Map(
    [...tensors].map(([name, tensor]) => [name, { shape: tensor.shape, data: tensor.toFloat32() }]),
  );
  const { inputSize = recognised.inputSize, normalisation = "imageNet" } = recipe;
  const card = {
    ...recognised,
    inputSize,
    preprocessing: normalisations[normalisation],
    ...(Object.keys(recipe).length === 0 ? {} : { recipe: { inputSize, normalisation } }),
  };
  return new NetworkTeacher(card, network, loadWeights(network, state, false), preprocessings[normalisation]);
}
