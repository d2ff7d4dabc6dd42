import type { TeacherCard } from "../../contract/teacher.ts";
import { AppError } from "../../contract/errors.ts";
import type { TfjsModelFiles } from "../../formats/tfjsModel.ts";
import { normalizeImages, symmetricPreprocessing } from "../tensors/normalizeImages.ts";
import * as tf from "../tf.ts";
import { resizeViews } from "./resizeViews.ts";
import type { Embedded, Teacher, TeacherBatchNorm } from "./teacher.ts";

/** The input side assumed where the model does not fix one. */
const defaultInputSize = 224;

/**
 * A TensorFlow.js model as a teacher. Its pooled features are its embedding: the output of the last global pooling
 * layer, or the mean over places of the last feature map. What comes after (a classifier) is left out.
 */
export class TfjsTeacher implements Teacher {
  readonly supportsTrainBatchNorm = false;

  constructor(
    readonly card: TeacherCard,
    private readonly run: (images: tf.Tensor4D) => tf.Tensor2D,
    private readonly release: () => void,
    private readonly anySize: boolean,
  ) {}

  static async load(artifacts: TfjsModelFiles): Promise<TfjsTeacher> {
    return artifacts.format === "layers-model" ? loadLayersTeacher(artifacts) : loadGraphTeacher(artifacts);
  }

  /** @throws AppError "config-invalid" when another input size is asked of a model that has a fixed one. */
  embed(images: tf.Tensor4D, _batchNorm: TeacherBatchNorm, inputSize: number): Embedded {
    const side = inputSize === 0 ? this.card.inputSize : inputSize;
    if (side !== this.card.inputSize && !this.anySize) {
      throw new AppError(
        "config-invalid",
        `This teacher takes images of ${this.card.inputSize} pixels only, not ${side}`,
        {
          hint: "Set “Teacher input” to 0, the teacher's own size.",
        },
      );
    }
    const input = normalizeImages(resizeViews(images, { height: side, width: side }), symmetricPreprocessing);
    const features = this.run(input);
    return { embedding: features, features };
  }

  dispose(): void {
    this.release();
  }
}

async function loadLayersTeacher(artifacts: TfjsModelFiles): Promise<TfjsTeacher> {
  const inputSize = fixedInputSize(artifacts.modelTopology) ?? defaultInputSize;
  const { model, anySize } = await loadAtAnySize(artifacts);
  try {
    const { encoder, layerName } = featureModel(model);
    const run = (images: tf.Tensor4D): tf.Tensor2D =>
      pooled(encoder.apply(images, { training: false }) as tf.Tensor);
    const featureDim = tf.tidy(() => run(tf.zeros<tf.Rank.R4>([1, inputSize, inputSize, 3])).shape[1]);
    const card = cardOf(artifacts, "tfjs-layers", inputSize, featureDim, layerName, model.countParams());
    return new TfjsTeacher(card, run, () => void model.dispose(), anySize);
  } catch (error) {
    model.dispose();
    throw error;
  }
}

/**
 * Loads the model without its fixed input side, if its layers allow that (convolutions and global pooling do);
 * otherwise as it is.
 */
async function loadAtAnySize(
  artifacts: TfjsModelFiles,
): Promise<{ model: tf.LayersModel; anySize: boolean }> {
  const load = (modelTopology: object): Promise<tf.LayersModel> =>
    tf.loadLayersModel(
      tf.io.fromMemory({
        modelTopology,
        weightSpecs: [...artifacts.weightSpecs],
        weightData: artifacts.weightData,
      }),
    );
  try {
    return { model: await load(withFreeInputSize(artifacts.modelTopology) as object), anySize: true };
  } catch {
    // Some layer needs a fixed size; if the file itself is at fault the second try says so.
  }
  try {
    return { model: await load(artifacts.modelTopology), anySize: false };
  } catch (error) {
    throw new AppError(
      "file-unsupported",
      `TensorFlow.js cannot build this layers model: ${messageOf(error)}`,
      {
        hint: "Only models of standard Keras layers can be loaded.",
        cause: error,
      },
    );
  }
}

/** The topology with every image input [n, h, w, c] turned into [n, any, any, c]. */
function withFreeInputSize(value: unknown, key = ""): unknown {
  if (Array.isArray(value)) {
    if (key === "batch_input_shape" && value.length === 4) return [value[0], null, null, value[3]];
    return value.map((item) => withFreeInputSize(item));
  }
  if (value !== null && typeof value === "object") {
    return Object.fromEntries(
      Object.entries(value).map(([name, item]) => [name, withFreeInputSize(item, name)]),
    );
  }
  return value;
}

/** The first image input's side in a topology, if it has one. */
function fixedInputSize(value: unknown): number | undefined {
  if (value === null || typeof value !== "object") return undefined;
  for (const [key, item] of Object.entries(value)) {
    if (
      key === "batch_input_shape" &&
      Array.isArray(item) &&
      item.length === 4 &&
      typeof item[1] === "number"
    ) {
      return item[1];
    }
    const inner = fixedInputSize(item);
    if (inner !== undefined) return inner;
  }
  return undefined;
}

/** The part of a model up to its pooled features. Sequential models may hold their encoder as their first layer. */
function featureModel(model: tf.LayersModel): { encoder: tf.LayersModel; layerName: string } {
  const input = model.inputs[0]?.shape;
  if (model.inputs.length !== 1 || input?.length !== 4 || input[3] !== 3) {
    throw new AppError("file-unsupported", `The model's input is [${String(input)}], not one RGB image`, {
      hint: "A teacher takes images [batch, height, width, 3].",
    });
  }
  const first = model.layers.find((layer) => layer.getClassName() !== "InputLayer");
  if (first !== undefined && isModel(first)) return featureModel(first);
  const pooling = model.layers.findLast((layer) =>
    /^Global(Average|Max)Pooling2D$/.test(layer.getClassName()),
  );
  const last = pooling ?? model.layers.findLast((layer) => (layer.outputShape as tf.Shape).length === 4);
  if (last === undefined) {
    throw new AppError("file-unsupported", "No feature map was found in this model", {
      hint: "A teacher needs convolutional features, pooled or not.",
    });
  }
  const output = last.output as tf.SymbolicTensor;
  return { encoder: tf.model({ inputs: model.inputs, outputs: output }), layerName: last.name };
}

function isModel(layer: tf.layers.Layer): layer is tf.LayersModel {
  return Array.isArray((layer as Partial<tf.LayersModel>).layers);
}

async function loadGraphTeacher(artifacts: TfjsModelFiles): Promise<TfjsTeacher> {
  const model = await tf
    .loadGraphModel(
      tf.io.fromMemory({
        modelTopology: artifacts.modelTopology,
        weightSpecs: [...artifacts.weightSpecs],
        weightData: artifacts.weightData,
        format: "graph-model",
      }),
    )
    .catch((error: unknown) => {
      throw new AppError(
        "file-unsupported",
        `TensorFlow.js cannot build this graph model: ${messageOf(error)}`,
        { cause: error },
      );
    });
  const side = model.inputs[0]?.shape?.[1] ?? -1;
  const inputSize = side > 0 ? side : defaultInputSize;
  const nodeName = pooledNode(artifacts.modelTopology) ?? model.outputs[0]?.name ?? "";
  const run = (images: tf.Tensor4D): tf.Tensor2D => pooled(model.execute(images, nodeName) as tf.Tensor);
  try {
    const featureDim = tf.tidy(() => run(tf.zeros<tf.Rank.R4>([1, inputSize, inputSize, 3])).shape[1]);
    const parameters = artifacts.weightSpecs.reduce(
      (sum, spec) => sum + spec.shape.reduce((a, b) => a * b, 1),
      0,
    );
    const card = cardOf(artifacts, "tfjs-graph", inputSize, featureDim, nodeName, parameters);
    return new TfjsTeacher(card, run, () => model.dispose(), side <= 0);
  } catch (error) {
    model.dispose();
    throw error instanceof AppError
      ? error
      : new AppError("file-unsupported", `The model does not run on one image: ${messageOf(error)}`, {
          cause: error,
        });
  }
}

/** The last node that averages over places: where a classifier's features are. */
function pooledNode(topology: object): string | undefined {
  const { node } = topology as { node?: unknown };
  if (!Array.isArray(node)) return undefined;
  const pooling = (node as { name?: unknown; op?: unknown }[]).findLast(
    ({ op }) => op === "Mean" || op === "AvgPool",
  );
  return typeof pooling?.name === "string" ? pooling.name : undefined;
}

/** [N, H, W, C] → mean over places; [N, C] as it is. */
function pooled(output: tf.Tensor): tf.Tensor2D {
  const { shape } = output;
  if (shape.length === 2) return output as tf.Tensor2D;
  if (shape.length === 4) return tf.mean(output, [1, 2]);
  throw new AppError(
    "file-unsupported",
    `The model's features are [${shape.join(", ")}], not one vector an image`,
  );
}

function cardOf(
  artifacts: TfjsModelFiles,
  source: TeacherCard["source"],
  inputSize: number,
  featureDim: number,
  layerName: string,
  parameters: number,
): TeacherCard {
  return {
    name: artifacts.name,
    source,
    architecture: source === "tfjs-layers" ? "TensorFlow.js layers model" : "TensorFlow.js graph model",
    head: "pooled features",
    embeddingDim: featureDim,
    featureDim,
    inputSize,
    preprocessing: "[−1, 1]",
    parameters,
    bytes: artifacts.bytes,
    notes: [
      ...artifacts.notes,
      `The embedding is the output of “${layerName}”; layers after it are not used.`,
      "Pixels are scaled to [−1, 1], as Keras's MobileNets expect; the file does not say.",
    ],
  };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
