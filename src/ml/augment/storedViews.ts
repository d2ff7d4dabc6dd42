import type { Config } from "../../contract/config.ts";
import { createPrng, type Prng } from "../../lib/prng.ts";
import type * as tf from "../tfjs/tf.ts";
import {
  drawViewParameters,
  viewColumns,
  type ViewParameters,
  type ViewParametersPair,
} from "./viewParameters.ts";
import type { ViewSource } from "./viewSource.ts";

/**
 * K views of each image, drawn once for all runs: what is stored is not pixels but the number they are drawn from, so
 * that a teacher's embedding of a view can be kept. View k of image i has the number i·K + k.
 *
 * As in FKD (Shen & Xing, ECCV 2022), which stores some hundred crops an image; they belong to the split, not to a run's
 * seed, so runs of an ablation share them.
 */
export class StoredViews {
  constructor(
    private readonly source: ViewSource,
    private readonly config: Config,
  ) {}

  private get perImage(): number {
    return this.config.cachedViews;
  }

  /** Two different views of each image, by their numbers. */
  choose(indices: Int32Array, prng: Prng): { readonly first: Int32Array; readonly second: Int32Array } {
    const { perImage } = this;
    const first = new Int32Array(indices.length);
    const second = new Int32Array(indices.length);
    indices.forEach((image, row) => {
      const k = prng.integer(perImage);
      first[row] = image * perImage + k;
      second[row] = image * perImage + ((k + 1 + prng.integer(perImage - 1)) % perImage);
    });
    return { first, second };
  }

  /** What two views of each image are rendered from. */
  parametersOfPair({
    first,
    second,
  }: {
    readonly first: Int32Array;
    readonly second: Int32Array;
  }): ViewParametersPair {
    return { first: this.parametersOf(first), second: this.parametersOf(second) };
  }

  /** [N, V, V, 3] in [0, 1] */
  render(numbers: Int32Array): tf.Tensor4D {
    return this.source.render(this.imagesOf(numbers), this.parametersOf(numbers));
  }

  private imagesOf(numbers: Int32Array): Int32Array {
    return numbers.map((number) => Math.floor(number / this.perImage));
  }

  private parametersOf(numbers: Int32Array): ViewParameters {
    const values = new Float32Array(numbers.length * viewColumns.length);
    numbers.forEach((number, row) => {
      const prng = createPrng(this.config.splitSeed, `stored view ${number}`);
      const one = drawViewParameters(prng, this.config, this.source.sourceSize, 1);
      values.set(one.values, row * viewColumns.length);
    });
    return { count: numbers.length, values };
  }
}
