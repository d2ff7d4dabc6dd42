import { AppError } from "../../contract/errors.ts";
import {
  normalisations,
  type CompleteRecipe,
  type TeacherCard,
  type TeacherRecipe,
} from "../../contract/teacher.ts";
import type { OnnxModel } from "../../formats/onnxModel.ts";
import { imageInputOf, onnxOptions, type OnnxImageInput } from "../../formats/onnxOptions.ts";
import { partBehind, withOutput } from "../../formats/onnxOutput.ts";
import { quote } from "../../formats/quote.ts";
import { normalizeImages, preprocessings } from "../tensors/normalizeImages.ts";
import * as tf from "../tfjs/tf.ts";
import { teacherInputSide } from "./teacherInputSide.ts";
import { vectorsOf } from "./outputVectors.ts";
import { resizeViews } from "./resizeViews.ts";
import type { Embedded, Teacher, TeacherBatchNorm } from "./teacher.ts";

/** A model that a runtime holds, ready to run; ours are in `worker/`. */
export interface OnnxSession {
  /** Where it runs and how images get there, for a person. */
  readonly place: string;
  /** The model's one output; neither tensor is disposed of. May fail with whatever the runtime says. */
  run(input: tf.Tensor4D): Promise<tf.Tensor>;
  dispose(): void;
}

export type OpenOnnxSession = (
  model: Uint8Array<ArrayBuffer>,
  names: { readonly input: string; readonly output: string },
) => Promise<OnnxSession>;

/** An ONNX model as a teacher. One of its values is its embedding, and its features too. */
export class OnnxTeacher implements Teacher {
  readonly supportsTrainBatchNorm = false;
  readonly embeds = "later";

  private constructor(
    readonly card: TeacherCard,
    private readonly session: OnnxSession,
    private readonly input: OnnxImageInput,
    private readonly recipe: CompleteRecipe,
  ) {}

  /**
   * @param bytes of the file. @param recipe what is not as the file says, or as usual.
   * @throws AppError "file-unsupported" when it takes no images, or the runtime cannot run it.
   */
  static async load(
    model: OnnxModel,
    bytes: number,
    recipe: TeacherRecipe,
    open: OpenOnnxSession,
  ): Promise<OnnxTeacher> {
    const options = onnxOptions(model);
    const complete: CompleteRecipe = { ...options.recipe, ...recipe };
    const { output } = complete;
    const input = imageInputOf(model, output);
    if (input.side !== null && input.side !== complete.inputSize)
      throw new AppError(
        "config-invalid",
        `${quote(model.name)} takes images of ${input.side} pixels only, not ${complete.inputSize}`,
      );
    // Nodes that the output does without are no part of what was found harmless, and would run all the same.
    const isDeclared = model.outputs.length === 1 && model.outputs[0]?.name === output;
    const isWhole = isDeclared && partBehind(model, output).nodes.size === model.nodes.length;
    const session = await open(isWhole ? model.bytes : withOutput(model, output), {
      input: input.name,
      output,
    }).catch((error: unknown) => {
      throw new AppError(
        "file-unsupported",
        `ONNX Runtime cannot load ${quote(model.name)}: ${messageOf(error)}`,
        {
          hint: "It may use operations that run in no browser, or be damaged. Try an export with an older opset, such as 17.",
          cause: error,
        },
      );
    });
    try {
      const side = complete.inputSize;
      const images = tf.zeros<tf.Rank.R4>([1, side, side, 3]);
      const output = await runOn(session, input, complete, images, side).finally(() => images.dispose());
      const dim = output.shape[1];
      output.dispose();
      return new OnnxTeacher(cardOf(model, bytes, complete, dim, session), session, input, complete);
    } catch (error) {
      session.dispose();
      if (error instanceof AppError) throw error;
      throw new AppError(
        "file-unsupported",
        `${quote(model.name)} does not run on one image of ${complete.inputSize} pixels: ${messageOf(error)}`,
        { hint: "Choose the input size it was exported for, or another output.", cause: error },
      );
    }
  }

  async embed(images: tf.Tensor4D, _batchNorm: TeacherBatchNorm, inputSize: number): Promise<Embedded> {
    const { session, input, recipe } = this;
    const side = teacherInputSide(this.card, inputSize, input.side === null);
    const embedding = await runOn(session, input, recipe, images, side);
    return { embedding, features: embedding };
  }

  dispose(): void {
    this.session.dispose();
  }
}

/** @param images [N, V, V, 3] in [0, 1]. @returns [N, D]; the caller's. */
async function runOn(
  session: OnnxSession,
  { layout, batch }: OnnxImageInput,
  { normalisation, pooling }: CompleteRecipe,
  images: tf.Tensor4D,
  side: number,
): Promise<tf.Tensor2D> {
  const count = images.shape[0];
  const input = tf.tidy(() => {
    const resized = resizeViews(images, { height: side, width: side });
    const normal = normalizeImages(resized, preprocessings[normalisation]);
    return layout === "nchw" ? tf.transpose(normal, [0, 3, 1, 2]) : normal;
  });
  const parts: tf.Tensor2D[] = [];
  try {
    const atOnce = batch ?? count;
    for (let first = 0; first < count; first += atOnce) {
      const some = Math.min(atOnce, count - first);
      const chunk = chunkOf(input, first, some, atOnce);
      const output = await session.run(chunk).finally(() => {
        if (chunk !== input) chunk.dispose();
      });
      try {
        parts.push(tf.tidy(() => tf.slice2d(vectorsOf(output, pooling, "first"), [0, 0], [some, -1])));
      } finally {
        output.dispose();
      }
    }
    return parts.length === 1 ? tf.clone(parts[0]!) : tf.concat2d(parts, 0);
  } finally {
    tf.dispose([input, ...parts]);
  }
}

/** Some of the images, filled up with zeros where the model wants more at once. */
function chunkOf(input: tf.Tensor4D, first: number, some: number, atOnce: number): tf.Tensor4D {
  if (first === 0 && input.shape[0] === atOnce) return input;
  return tf.tidy(() => {
    const chunk = tf.slice4d(input, [first, 0, 0, 0], [some, -1, -1, -1]);
    const missing = atOnce - some;
    return missing === 0
      ? chunk
      : tf.pad4d(chunk, [
          [0, missing],
          [0, 0],
          [0, 0],
          [0, 0],
        ]);
  });
}

function cardOf(
  model: OnnxModel,
  bytes: number,
  recipe: CompleteRecipe,
  dim: number,
  { place }: OnnxSession,
): TeacherCard {
  return {
    name: model.name,
    source: "onnx",
    architecture: `ONNX model${model.producer === "" ? "" : `, by ${model.producer}`}`,
    head: `the output ${quote(recipe.output)}`,
    embeddingDim: dim,
    featureDim: dim,
    inputSize: recipe.inputSize,
    preprocessing: normalisations[recipe.normalisation],
    parameters: model.weights
      .filter(({ dtype }) => dtype.startsWith("float"))
      .reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0),
    bytes,
    notes: [place, ...model.notes],
    recipe,
  };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
