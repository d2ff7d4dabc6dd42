import type { TeacherSource } from "../../contract/protocol.ts";
import { boundedRefusal } from "../../formats/boundedRefusal.ts";
import { readCheckpoint } from "../../formats/checkpoint.ts";
import { readWeightFiles } from "../../formats/weightFiles.ts";
import { createCheckpointTeacher } from "../../ml/teachers/checkpointTeacher.ts";
import { OnnxTeacher, type OpenOnnxSession } from "../../ml/teachers/onnxTeacher.ts";
import type { Teacher } from "../../ml/teachers/teacher.ts";
import { TfjsTeacher } from "../../ml/teachers/tfjsTeacher.ts";
import { bundledTeacherNotes } from "./bundledTeacher/bundledTeacherNotes.ts";
import { givenFiles } from "./givenFiles.ts";

/**
 * A teacher from whatever the visitor gave: a checkpoint, an ONNX file, or a TensorFlow.js model as files or
 * as a zip.
 *
 * @throws AppError with what was wrong and what to do.
 */
export async function loadTeacher(
  source: TeacherSource,
  readBundled: () => Promise<Uint8Array<ArrayBuffer>>,
  openOnnx: OpenOnnxSession,
): Promise<Teacher> {
  if (source.kind === "bundled") {
    const bytes = await readBundled();
    const checkpoint = await readCheckpoint(bytes, "teacher.safetensors");
    return createCheckpointTeacher(checkpoint, {
      name: "Bundled teacher",
      bytes: bytes.length,
      source: "bundled",
      notes: bundledTeacherNotes(),
    });
  }
  try {
    return await loadGiven(source, openOnnx);
  } catch (error) {
    throw boundedRefusal(error);
  }
}

async function loadGiven(
  source: Extract<TeacherSource, { kind: "files" }>,
  openOnnx: OpenOnnxSession,
): Promise<Teacher> {
  const weights = await readWeightFiles(givenFiles(source.files));
  switch (weights.kind) {
    case "tfjs":
      return TfjsTeacher.load(weights.model, source.recipe);
    case "onnx":
      return OnnxTeacher.load(weights.model, weights.about.bytes, source.recipe ?? {}, openOnnx);
    case "checkpoint":
      return createCheckpointTeacher(weights.checkpoint, weights.about, source.recipe);
  }
}
