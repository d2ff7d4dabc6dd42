import type { StudentSettings } from "../../contract/studentExport.ts";
import { writeSafetensors, type TensorToWrite } from "../../formats/safetensors.ts";
import type { Network } from "../models/network.ts";
import type { StateDict } from "../models/weights.ts";

/** Which of a student's tensors a file holds. */
export type StudentPart = "encoder" | "head" | "both";

const isOfHead = (name: string): boolean => name.startsWith("fc.");

/**
 * A student's weights as safetensors, by torchvision's names. What shapes do not tell stands in the metadata, so that
 * the file can be read back as a teacher.
 */
export function studentFile(
  network: Network,
  state: StateDict,
  settings: Pick<StudentSettings, "studentWidth" | "imageSize">,
  part: StudentPart,
): Uint8Array<ArrayBuffer> {
  const tensors = storedTensors(state).filter(
    ({ name }) => part === "both" || isOfHead(name) === (part === "head"),
  );
  const hasHead = tensors.some(({ name }) => isOfHead(name));
  return writeSafetensors(tensors, studentMetadata(network, settings, hasHead));
}

/** A state dict's tensors as PyTorch stores them. */
export function storedTensors(state: StateDict): TensorToWrite[] {
  return [...state].map(([name, { shape, data }]) => ({
    name,
    shape,
    values: data,
    dtype: name.endsWith("num_batches_tracked") ? "int64" : "float32",
  }));
}

/** What a student's file says besides its tensors. */
export function studentMetadata(
  network: Network,
  { studentWidth, imageSize }: Pick<StudentSettings, "studentWidth" | "imageSize">,
  hasHead: boolean,
): Readonly<Record<string, string>> {
  return {
    format: "pt",
    architecture: network.title,
    input_size: String(imageSize),
    width_factor: String(studentWidth / 64),
    stem_stride: String(stemStride(network)),
    ...(hasHead ? { head: "projection" } : {}),
  };
}

function stemStride({ layers }: Network): number {
  for (const layer of layers) if (layer.kind === "conv") return layer.stride;
  return 1;
}
