import { AppError } from "../../contract/errors.ts";
import type { TeacherCard } from "../../contract/teacher.ts";
import type { StateDictMismatch } from "../../contract/tensorFact.ts";
import {
  recogniseArchitecture,
  type Architecture,
  type ToldArchitecture,
} from "../../formats/architecture.ts";
import type { Checkpoint } from "../../formats/checkpoint.ts";
import { exportAsOnnx, foreignNetwork } from "../../formats/foreignNetwork.ts";
import { recogniseLayout, type RecognisedLayout } from "../../formats/stateDictLayout.ts";
import type { StoredTensor } from "../../formats/storedTensor.ts";
import type { HeadShape } from "../models/encoder.ts";
import type { Network } from "../models/network.ts";
import { compareStateDict, mismatchError } from "../models/stateDictMismatch.ts";
import { parameterCount } from "../models/parameterCount.ts";
import { networkOf } from "./networkOf.ts";

/** The teacher that a checkpoint holds, before any weight is loaded. */
export interface RecognisedTeacher {
  readonly card: TeacherCard;
  readonly architecture: Architecture;
  readonly network: Network;
  /** What goes into the network, by torchvision's names. */
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  /** Torchvision's names of a classifier that is left out. */
  readonly dropped: readonly string[];
  readonly mismatch: StateDictMismatch;
  /** Why it cannot be used; null when it can. */
  readonly refusal: AppError | null;
}

/** What is known of a file besides what it holds. */
export interface AboutTeacherFile {
  readonly name: string;
  readonly bytes: number;
  /** Told from the file's format when left out. */
  readonly source?: TeacherCard["source"];
  /** Facts that go before those that the file tells. */
  readonly notes?: readonly string[];
}

/** Of what a file may say. */
const mostWidthFactor = 8;
/** Sides that networks of these stems are usually trained at, used when the file does not say. */
const usualInputSize = { cifar: 32, imagenet: 224 } as const;

/**
 * Which teacher a checkpoint holds, told by names and shapes.
 *
 * A projection head is the embedding. A classifier is not (its outputs are classes, not a place to put images): it
 * is left out and the pooled features are the embedding.
 *
 * @throws AppError "teacher-mismatch" when the architecture is none that is known here.
 */
export function recogniseTeacher(checkpoint: Checkpoint, about: AboutTeacherFile): RecognisedTeacher {
  const layout = recogniseLayout(checkpoint.tensors);
  const architecture = recogniseArchitecture(layout.tensors.values(), toldBy(checkpoint));
  if (architecture === null) throw unknownArchitecture(checkpoint, layout, about.name);
  const head = projectionHead(architecture, checkpoint, layout.layout);
  const network = networkOf(architecture, head);
  const notes = [...(about.notes ?? []), ...checkpoint.notes, ...layout.notes];
  if (layout.layout !== "plain") notes.push(layout.title);
  const tensors = new Map<string, StoredTensor>();
  const dropped: string[] = [];
  for (const [name, tensor] of layout.tensors) {
    if (head === null && /^(fc|classifier)\./.test(name)) dropped.push(name);
    else tensors.set(name, tensor);
  }
  if (dropped.length > 0)
    notes.push(`The classifier (${dropped.join(", ")}) is not used: pooled features are the embedding.`);
  if (layout.ignored.length > 0) {
    const [first] = layout.ignored;
    notes.push(
      `${layout.ignored.length} tensors of the file are not part of the teacher, e.g. ${first?.name}: ${first?.reason}.`,
    );
  }
  const mismatch = compareStateDict(network, tensors);
  return {
    card: {
      name: about.name,
      source: about.source ?? (checkpoint.format === "safetensors" ? "safetensors" : "pytorch"),
      architecture: architecture.title,
      head: head === null ? "none: pooled features" : architecture.headTitle,
      embeddingDim: network.embeddingDim,
      featureDim: network.featureDim,
      inputSize: inputSizeOf(checkpoint, architecture),
      preprocessing: "ImageNet mean/std",
      parameters: parameterCount(network),
      bytes: about.bytes,
      notes,
    },
    architecture,
    network,
    tensors,
    dropped,
    mismatch,
    refusal:
      integerError(tensors, about.name) ??
      nonFiniteError(checkpoint, new Set(layout.names.keys()), about.name) ??
      foreignError(tensors, mismatch, about.name) ??
      mismatchError(network, mismatch),
  };
}

/** Names what is inside, as far as it can be told, and the way in. */
function unknownArchitecture(checkpoint: Checkpoint, layout: RecognisedLayout, name: string): AppError {
  const first = [...layout.tensors.values()].slice(0, 20);
  const details = first.map((tensor) => `${tensor.name.slice(0, 200)} [${tensor.shape.join(", ")}]`);
  // What the layout left behind, an optimiser's state say, may be all there is.
  const tensors = layout.tensors.size === 0 ? checkpoint.tensors : layout.tensors;
  const found = foreignNetwork(tensors.values());
  if (found !== null)
    return new AppError("teacher-mismatch", `${name} holds ${found.what}.`, { hint: found.hint, details });
  return new AppError("teacher-mismatch", `The tensors of ${name} belong to no architecture known here`, {
    hint: `Recognised: ResNets, ResNet-9, MobileNetV3 and EfficientNet-B0/B1 with the names of torchvision, timm or Hugging Face. ${exportAsOnnx}`,
    details,
  });
}

/** A ResNet in outline whose layers are others than those built here. */
function foreignError(
  tensors: ReadonlyMap<string, StoredTensor>,
  { missing, unexpected, wrongShape }: StateDictMismatch,
  name: string,
): AppError | null {
  if (missing.length + unexpected.length + wrongShape.length === 0) return null;
  const found = foreignNetwork(tensors.values());
  return found === null
    ? null
    : new AppError("teacher-mismatch", `${name} holds ${found.what}.`, { hint: found.hint });
}

/** Integers stand for weights by a scale, and a state dict does not say which. */
function integerError(tensors: ReadonlyMap<string, StoredTensor>, name: string): AppError | null {
  const integers = [...tensors.values()].filter(
    (tensor) => !tensor.dtype.includes("float") && !tensor.name.endsWith("num_batches_tracked"),
  );
  const [first] = integers;
  if (first === undefined) return null;
  return new AppError(
    "teacher-mismatch",
    `${integers.length} tensors of ${name} are integers (${first.name}: ${first.dtype}): quantised weights without their scale`,
    {
      hint: "Save the weights as floats, before they are quantised, or export the quantised network as ONNX.",
      details: integers.slice(0, 20).map((tensor) => `${tensor.name}: ${tensor.dtype}`),
    },
  );
}

/** @param used names in the file of the tensors that belong to the network. */
function nonFiniteError({ nonFinite }: Checkpoint, used: ReadonlySet<string>, name: string): AppError | null {
  const broken = nonFinite.filter((tensor) => used.has(tensor.name));
  if (broken.length === 0) return null;
  return new AppError("file-unreadable", `${broken.length} tensors of ${name} hold NaN or infinite values`, {
    hint: "The training that wrote this file diverged. Use an earlier checkpoint.",
    details: broken.map((tensor) => `${tensor.name}: ${tensor.count} values`),
  });
}

/** What our own exports say of their networks. */
function toldBy({ metadata }: Checkpoint): ToldArchitecture {
  const stride = metadata.get("stem_stride");
  const factor = Number(metadata.get("width_factor"));
  return {
    ...(stride === "1" || stride === "2" ? { stemStride: stride === "1" ? 1 : 2 } : {}),
    ...(factor > 0 && factor <= mostWidthFactor ? { widthFactor: factor } : {}),
  };
}

function inputSizeOf({ metadata }: Checkpoint, architecture: Architecture): number {
  const usual = usualInputSize[stemOf(architecture)];
  const told = Number(metadata.get("input_size") ?? usual);
  return Number.isInteger(told) && told >= 16 && told <= 512 ? told : usual;
}

/** ResNet-9 is a network for small images. */
function stemOf(architecture: Architecture): keyof typeof usualInputSize {
  if (architecture.family === "resnet") return architecture.stem;
  return architecture.family === "resnet9" ? "cifar" : "imagenet";
}

/**
 * The head to use as the embedding, or null. Two layers are a projection; a single Linear is one only where the
 * file says so (our own exports do) or comes from MoCo, otherwise it is a classifier.
 */
function projectionHead(
  architecture: Architecture,
  checkpoint: Checkpoint,
  layout: string,
): HeadShape | null {
  const { head } = architecture;
  if (head.kind === "mlp") return { hidden: head.hiddenWidth, out: head.outDim, batchNorm: head.batchNorm };
  const isProjection = checkpoint.metadata.get("head") === "projection" || layout === "moco";
  if (head.kind === "linear" && isProjection) return { hidden: 0, out: head.outDim };
  return null;
}
