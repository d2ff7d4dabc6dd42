import type { NetworkTeacher } from "../teachers/networkTeacher.ts";
import { resizeViews } from "../teachers/resizeViews.ts";
import type { Embedded, Teacher, TeacherBatchNorm } from "../teachers/teacher.ts";
import type * as tf from "../tfjs/tf.ts";
import { CompiledEncoder, type ImagesShape } from "./compiledEncoder.ts";
import { whyNotCompiled } from "./fusion/whyNotCompiled.ts";
import type { Granularity } from "../wgsl/granularity.ts";
import type { LaunchTimes } from "./plan/profilePlan.ts";
import type { TfjsGpu } from "../tfjs/tfjsGpu.ts";

/**
 * A teacher whose batches of one size run as a plan; anything else (other sizes, train-mode BatchNorm)
 * goes to the teacher it was made from, which stays its loader's to dispose of.
 */
export class CompiledTeacher implements Teacher {
  readonly embeds = "now";

  private constructor(
    private readonly inner: NetworkTeacher,
    private readonly encoder: CompiledEncoder,
  ) {}

  /** @returns null when its network cannot be compiled. */
  static async compile(
    gpu: TfjsGpu,
    inner: NetworkTeacher,
    views: ImagesShape,
    inputSize: number,
    granularity: Granularity,
  ): Promise<CompiledTeacher | null> {
    if (whyNotCompiled(inner.network) !== null) return null;
    const { network, weights, preprocessing } = inner;
    const shape = { ...views, ...inner.inputSides(views, inputSize) };
    const encoder = await CompiledEncoder.compile(gpu, network, weights, shape, preprocessing, granularity);
    return new CompiledTeacher(inner, encoder);
  }

  get card(): Teacher["card"] {
    return this.inner.card;
  }

  get supportsTrainBatchNorm(): boolean {
    return this.inner.supportsTrainBatchNorm;
  }

  embed(images: tf.Tensor4D, batchNorm: TeacherBatchNorm, inputSize: number): Embedded {
    const { inner, encoder } = this;
    const [samples, height, width] = images.shape;
    const sides = inner.inputSides({ height, width }, inputSize);
    const { shape } = encoder;
    const fits = samples === shape.samples && sides.height === shape.height && sides.width === shape.width;
    if (batchNorm !== "eval" || !fits) return inner.embed(images, batchNorm, inputSize);
    return encoder.run(resizeViews(images, sides));
  }

  profile(): Promise<readonly LaunchTimes[] | null> {
    return this.encoder.profile();
  }

  dispose(): void {
    this.encoder.dispose();
  }
}
