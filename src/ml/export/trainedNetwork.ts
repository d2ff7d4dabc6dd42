import type { StudentSettings } from "../../contract/studentExport.ts";
import { readSafetensors } from "../../formats/safetensors.ts";
import { invariant } from "../../lib/invariant.ts";
import { namedEncoder, type Head } from "../models/encoder.ts";
import { neededLayers, type Layer, type LayerIndex, type Network } from "../models/network.ts";
import { compareStateDict, mismatchError } from "../models/stateDictMismatch.ts";
import type { StateDict } from "../models/weights.ts";
import { imageNetPreprocessing, type Preprocessing } from "../tensors/normalizeImages.ts";

/** All that an export is written from. */
export interface TrainedNetwork {
  readonly network: Network;
  /** PyTorch's names and layouts. */
  readonly state: StateDict;
  /** Side of the images it was trained on, pixels. */
  readonly imageSize: number;
  readonly preprocessing: Preprocessing;
}

/**
 * The student that these settings describe, with the tensors of its file.
 *
 * @param state head included, where the student has one.
 * @throws AppError "teacher-mismatch" when the tensors are another network's.
 */
export function trainedStudent(settings: StudentSettings, state: StateDict): TrainedNetwork {
  const { student, studentStem, studentWidth, imageSize } = settings;
  const network = namedEncoder(student, studentStem, studentWidth, headIn(settings, state));
  const mismatch = mismatchError(network, compareStateDict(network, state));
  if (mismatch !== null) throw mismatch;
  return { network, state, imageSize, preprocessing: imageNetPreprocessing };
}

/**
 * A student's file with the network that its run's settings describe.
 *
 * @param weights `student.safetensors`, head included.
 * @throws AppError "file-unreadable" when it is no such file, "teacher-mismatch" when it holds another network.
 */
export function readStudentFile(weights: Uint8Array<ArrayBuffer>, settings: StudentSettings): TrainedNetwork {
  const { tensors } = readSafetensors(weights);
  const state = new Map(
    [...tensors].map(([name, tensor]) => [name, { shape: tensor.shape, data: tensor.toFloat32() }]),
  );
  return trainedStudent(settings, state);
}

/** The head of a student's file; its output width is told by its last layer alone. */
function headIn({ method, hiddenWidth }: StudentSettings, state: StateDict): Head | null {
  if (method === "compress") return null;
  const last = method === "simReg" ? "fc.7.weight" : hiddenWidth === 0 ? "fc.weight" : "fc.2.weight";
  const out = state.get(last)?.shape[0];
  invariant(out !== undefined, `the student's file has no ${last}`);
  return method === "simReg" ? { kind: "simReg", out } : { hidden: hiddenWidth, out };
}

/** What exports call their outputs: the names that transformers.js looks for. */
export const outputNames = { features: "pooler_output", embedding: "image_embeds" } as const;

interface ExportedOutput {
  readonly name: string;
  readonly layer: LayerIndex;
  readonly dim: number;
}

/** The features, and with a head its embedding too. */
export function outputsOf(network: Network, withHead: boolean): readonly ExportedOutput[] {
  const { features, featureDim, embedding, embeddingDim } = network;
  const outputs = [{ name: outputNames.features as string, layer: features, dim: featureDim }];
  return withHead && embedding !== features
    ? [...outputs, { name: outputNames.embedding, layer: embedding, dim: embeddingDim }]
    : outputs;
}

/**
 * Writes a network's layers into a graph, in order, as far as the outputs need them.
 *
 * @param add writes one, given the names of the results before it. @returns the name of its own.
 * @returns the names of results by layer.
 */
export function layOut(
  network: Network,
  outputs: readonly ExportedOutput[],
  add: (layer: Layer, index: LayerIndex, nameOf: (layer: LayerIndex) => string) => string,
): (layer: LayerIndex) => string {
  const needed = neededLayers(
    network.layers,
    outputs.map(({ layer }) => layer),
  );
  const names: string[] = [];
  const nameOf = (layer: LayerIndex): string => {
    const name = names[layer];
    invariant(name !== undefined, `layer ${layer} is used before it was written`);
    return name;
  };
  network.layers.forEach((layer, index) => {
    if (needed.has(index)) names[index] = add(layer, index, nameOf);
  });
  return nameOf;
}
