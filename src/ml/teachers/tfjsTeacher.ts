import { AppError } from "../../contract/errors.ts";
import {
  normalisations,
  type CompleteRecipe,
  type TeacherCard,
  type TeacherRecipe,
} from "../../contract/teacher.ts";
import { quote } from "../../formats/quote.ts";
import { tfjsOptions } from "../../formats/tfjsOptions.ts";
import type { TfjsModelFiles } from "../../formats/tfjsModel.ts";
import { normalizeImages, preprocessings, type Preprocessing } from "../tensors/normalizeImages.ts";
import * as tf from "../tfjs/tf.ts";
import { teacherInputSide } from "./teacherInputSide.ts";
import { vectorsOf } from "./outputVectors.ts";
import { resizeViews } from "./resizeViews.ts";
import type { Embedded, Teacher, TeacherBatchNorm } from "./teacher.ts";

/**
 * A TensorFlow.js model as a teacher. One of its layers or nodes is its embedding: unless told otherwise the last
 * global pooling, or the mean over places of the last feature map. What comes after (a classifier) is left out.
 */
export class TfjsTeacher implements Teacher {
  readonly supportsTrainBatchNorm = false;
  readonly embeds = "now";

  constructor(
    readonly card: TeacherCard,
    private readonly run: (images: tf.Tensor4D) => tf.Tensor2D,
    private readonly release: () => void,
    private readonly anySize: boolean,
    private readonly preprocessing: Preprocessing,
  ) {}

  /** @param recipe what is not as the file says, or as usual. */
  static async load(artifacts: TfjsModelFiles, recipe: TeacherRecipe = {}): Promise<TfjsTeacher> {
    const complete: CompleteRecipe = { ...tfjsOptions(artifacts).recipe, ...recipe };
    return artifacts.format === "layers-model"
      ? loadLayersTeacher(artifacts, complete)
      : loadGraphTeacher(artifacts, complete);
  }

  /** @throws AppError "config-invalid" when a model of a fixed input size is given another. */
  embed(images: tf.Tensor4D, _batchNorm: TeacherBatchNorm, inputSize: number): Embedded {
    const side = teacherInputSide(this.card, inputSize, this.anySize);
    const input = normalizeImages(resizeViews(images, { height: side, width: side }), this.preprocessing);
    const features = this.run(input);
    return { embedding: features, features };
  }

  dispose(): void {
    this.release();
  }
}

async function loadLayersTeacher(artifacts: TfjsModelFiles, recipe: CompleteRecipe): Promise<TfjsTeacher> {
  const { model, anySize } = await loadAtAnySize(artifacts);
  try {
    const encoder = encoderUpTo(model, recipe.output);
    const run = (images: tf.Tensor4D): tf.Tensor2D =>
      vectorsOf(encoder.apply(images, { training: false }) as tf.Tensor, recipe.pooling, "last");
    const featureDim = dimensionsOf(run, recipe.inputSize);
    const card = cardOf(artifacts, "tfjs-layers", recipe, featureDim, model.countParams());
    return new TfjsTeacher(
      card,
      run,
      () => void model.dispose(),
      anySize,
      preprocessings[recipe.normalisation],
    );
  } catch (error) {
    model.dispose();
    throw error;
  }
}

/** @throws AppError when it does not run on one image. */
function dimensionsOf(run: (images: tf.Tensor4D) => tf.Tensor2D, side: number): number {
  try {
    return tf.tidy(() => run(tf.zeros<tf.Rank.R4>([1, side, side, 3])).shape[1]);
  } catch (error) {
    if (error instanceof AppError) throw error;
    throw new AppError(
      "file-unsupported",
      `The model does not run on one image of ${side} pixels: ${messageOf(error)}`,
      { hint: "Choose the input size it was made for, or another output.", cause: error },
    );
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

/** The part of a model up to a layer. Models may hold their encoder as their first layer. */
function encoderUpTo(model: tf.LayersModel, layerName: string): tf.LayersModel {
  const input = model.inputs[0]?.shape;
  if (model.inputs.length !== 1 || input?.length !== 4 || input[3] !== 3) {
    throw new AppError("file-unsupported", `The model's input is [${String(input)}], not one RGB image`, {
      hint: "A teacher takes images [batch, height, width, 3].",
    });
  }
  const first = model.layers.find((layer) => layer.getClassName() !== "InputLayer");
  if (first !== undefined && isModel(first)) return encoderUpTo(first, layerName);
  const layer = model.layers.find(({ name }) => name === layerName);
  if (layer === undefined) {
    throw new AppError("not-found", `The model has no layer named ${quote(layerName)}`, {
      hint: "Choose another output.",
    });
  }
  return tf.model({ inputs: model.inputs, outputs: layer.output });
}

function isModel(layer: tf.layers.Layer): layer is tf.LayersModel {
  return Array.isArray((layer as Partial<tf.LayersModel>).layers);
}

async function loadGraphTeacher(artifacts: TfjsModelFiles, recipe: CompleteRecipe): Promise<TfjsTeacher> {
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
  const run = (images: tf.Tensor4D): tf.Tensor2D =>
    vectorsOf(model.execute(images, recipe.output) as tf.Tensor, recipe.pooling, "last");
  try {
    const featureDim = dimensionsOf(run, recipe.inputSize);
    const parameters = artifacts.weightSpecs.reduce(
      (sum, spec) => sum + spec.shape.reduce((a, b) => a * b, 1),
      0,
    );
    const card = cardOf(artifacts, "tfjs-graph", recipe, featureDim, parameters);
    const preprocessing = preprocessings[recipe.normalisation];
    return new TfjsTeacher(card, run, () => model.dispose(), side <= 0, preprocessing);
  } catch (error) {
    model.dispose();
    throw error;
  }
}

function cardOf(
  artifacts: TfjsModelFiles,
  source: TeacherCard["source"],
  recipe: CompleteRecipe,
  featureDim: number,
  parameters: number,
): TeacherCard {
  return {
    name: artifacts.name,
    source,
    architecture: source === "tfjs-layers" ? "TensorFlow.js layers model" : "TensorFlow.js graph model",
    head: `the output of ${quote(recipe.output)}`,
    embeddingDim: featureDim,
    featureDim,
    inputSize: recipe.inputSize,
    preprocessing: normalisations[recipe.normalisation],
    parameters,
    bytes: artifacts.bytes,
    notes: [
      ...artifacts.notes,
      "What comes after that output, such as a classifier, is not used.",
      "The file does not say how its images are normalised.",
    ],
    recipe,
  };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
