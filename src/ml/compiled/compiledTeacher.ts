import type { NetworkTeacher } from "../teachers/networkTeacher.ts";
import { resizeViews } from "../teachers/resizeViews.ts";
import type { Embedded, Teacher, TeacherBatchNorm } from "../teachers/teacher.ts";
import type * as tf from "../tf.ts";
import { CompiledEncoder } from "./compiledEncoder.ts";
import { whyNotCompiled, type Granularity } from "./compileNetwork.ts";
import type { TfjsGpu } from "./tfjsGpu.ts";

/**
 * A teacher whose batches of one size run as a plan; anything else it is asked (other sizes, train-mode BatchNorm)
 * goes to the teacher it was made from, which stays its loader's to dispose of.
 */
export class CompiledTeacher implements Teacher {
  private constructor(
    private readonly inner: NetworkTeacher,
    private readonly encoder: CompiledEncoder,
  ) {}

  /** @returns null when its network cannot be compiled. */
  static async compile(
    gpu: TfjsGpu,
    inner: NetworkTeacher,
    size: { readonly samples: number; readonly viewSide: number; readonly inputSize: number },
    granularity: Granularity,
  ): Promise<CompiledTeacher | null> {
    if (whyNotCompiled(inner.network) !== null) return null;
    const encoder = await CompiledEncoder.compile(gpu, inner.network, inner.weights, {
      samples: size.samples,
      side: inner.sideFor(size.viewSide, size.inputSize),
      preprocessing: inner.preprocessing,
      granularity,
    });
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
    const [samples, viewSide] = images.shape;
    const side = inner.sideFor(viewSide, inputSize);
    if (batchNorm !== "eval" || samples !== encoder.samples || side !== encoder.side)
      return inner.embed(images, batchNorm, inputSize);
    return encoder.run(resizeViews(images, side));
  }

  dispose(): void {
    this.encoder.dispose();
  }
}
