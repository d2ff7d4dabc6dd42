import { AppError } from "../../contract/errors.ts";
import type { TeacherCard } from "../../contract/protocol.ts";
import { recogniseArchitecture, type Architecture } from "../../formats/architecture.ts";
import type { Checkpoint } from "../../formats/checkpoint.ts";
import { recogniseLayout } from "../../formats/stateDictLayout.ts";
import type { Network } from "../models/network.ts";
import { encoder, resNet, type HeadShape } from "../models/encoder.ts";
import { buildEfficientNet, type EfficientNetName } from "../models/efficientNet.ts";
import { buildMobileNetV3, type MobileNetV3Name } from "../models/mobilenetV3.ts";
import { loadWeights, parameterCount } from "../models/weights.ts";
import { imageNetPreprocessing } from "../tensors/normalizeImages.ts";
import { NetworkTeacher } from "./networkTeacher.ts";

/** Sides that networks of these stems are usually trained at, used when the file does not say. */
const usualInputSize = { cifar: 32, imagenet: 224 } as const;

/**
 * A teacher from a checkpoint: recognised by names and shapes, then loaded whole or refused.
 *
 * A projection head is the embedding. A classifier is not (its outputs are classes, not a place to put images): it
 * is left out and the pooled features are the embedding.
 *
 * @throws AppError "teacher-mismatch" or "file-unsupported", with the names of what does not fit.
 */
export function createCheckpointTeacher(
  checkpoint: Checkpoint,
  about: { readonly name: string; readonly bytes: number; readonly source?: TeacherCard["source"] },
): NetworkTeacher {
  const layout = recogniseLayout(checkpoint.tensors);
  const architecture = recogniseArchitecture(layout.tensors.values());
  if (architecture === null) {
    const names = [...layout.tensors.keys()];
    throw new AppError(
      "teacher-mismatch",
      `The tensors of ${about.name} belong to no architecture known here`,
      {
        hint: "Known are ResNets, MobileNetV3 and EfficientNet-B0/B1 with torchvision's or timm's names; the first tensors of the file are listed.",
        details: names
          .slice(0, 20)
          .map((name) => `${name} [${layout.tensors.get(name)?.shape.join(", ") ?? ""}]`),
      },
    );
  }
  const used = new Set(layout.names.keys());
  const broken = checkpoint.nonFinite.filter(({ name }) => used.has(name));
  if (broken.length > 0) {
    throw new AppError(
      "file-unreadable",
      `${broken.length} tensors of ${about.name} hold NaN or infinite values`,
      {
        hint: "The training that wrote this file diverged. Use an earlier checkpoint.",
        details: broken.map(({ name, count }) => `${name}: ${count} values`),
      },
    );
  }
  const head = projectionHead(architecture, checkpoint, layout.layout);
  const network = networkOf(architecture, head);
  const notes = [...checkpoint.notes, ...layout.notes];
  if (layout.layout !== "plain") notes.push(layout.title);
  const state = new Map<string, { shape: readonly number[]; data: Float32Array }>();
  const dropped: string[] = [];
  for (const [name, tensor] of layout.tensors) {
    if (head === null && /^(fc|classifier)\./.test(name)) dropped.push(name);
    else state.set(name, { shape: tensor.shape, data: tensor.toFloat32() });
  }
  if (dropped.length > 0)
    notes.push(`The classifier (${dropped.join(", ")}) is not used: pooled features are the embedding.`);
  if (layout.ignored.length > 0) {
    const [first] = layout.ignored;
    notes.push(
      `${layout.ignored.length} tensors of the file are not part of the teacher, e.g. ${first?.name}: ${first?.reason}.`,
    );
  }
  const weights = loadWeights(network, state, false);
  const stem = architecture.family === "resnet" ? architecture.stem : "imagenet";
  const inputSize = Number(checkpoint.metadata.get("input_size") ?? usualInputSize[stem]);
  return new NetworkTeacher(
    {
      name: about.name,
      source: about.source ?? (checkpoint.format === "safetensors" ? "safetensors" : "pytorch"),
      architecture: architecture.title,
      head: head === null ? "none: pooled features" : architecture.headTitle,
      embeddingDim: network.embeddingDim,
      featureDim: network.featureDim,
      inputSize:
        Number.isInteger(inputSize) && inputSize >= 16 && inputSize <= 512 ? inputSize : usualInputSize[stem],
      preprocessing: "ImageNet mean/std",
      parameters: parameterCount(network),
      bytes: about.bytes,
      notes,
    },
    network,
    weights,
    imageNetPreprocessing,
  );
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

/** The network of a recognised architecture, with `head` on its pooled features. */
export function networkOf(architecture: Architecture, head: HeadShape | null): Network {
  const { title } = architecture;
  if (architecture.family !== "resnet") {
    const { family, name, widthFactor } = architecture;
    return encoder(
      title,
      (builder) =>
        family === "mobilenetV3"
          ? buildMobileNetV3(builder, name as MobileNetV3Name, widthFactor, 2)
          : buildEfficientNet(builder, name as EfficientNetName, widthFactor, 2),
      head,
    );
  }
  return resNet(
    {
      title: architecture.title,
      stem: architecture.stem,
      stemWidth: architecture.width,
      bottleneck: architecture.block === "bottleneck",
      stages: architecture.blocks.map((blocks, i) => ({
        channels: architecture.stageChannels[i] as number,
        inner: architecture.stageInnerChannels[i] as number,
        blocks,
        stride: i === 0 ? 1 : 2,
      })),
    },
    head,
  );
}
