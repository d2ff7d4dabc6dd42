import { createPrng } from "../../lib/prng.ts";
import type { Weights } from "../models/weights.ts";
import * as tf from "../tfjs/tf.ts";

/** Moves weights and statistics away from where BatchNorm starts, which hides mistakes: scale 1, shift 0, mean 0, variance 1. */
export function makeUnusual(weights: Weights, stream: string): void {
  const prng = createPrng(8, stream);
  tf.tidy(() => {
    for (const [name, value] of [...weights.parameters, ...weights.buffers]) {
      const noise = tf.tensor(
        Float32Array.from({ length: value.size }, () => prng.between(0.5, 1.5)),
        value.shape,
      );
      // Behind a max pool, which a negative scale would turn into a minimum.
      if (/^layer\d\.bn\.weight$/.test(name)) value.assign(tf.mul(value, tf.sub(noise, 1.2)));
      // Zeros at the start, which would hide the branch behind them and its gradients.
      else if (/residual\.res2\.bn\.weight$/.test(name)) value.assign(tf.sub(noise, 0.3));
      else if (/running_var|weight$/.test(name)) value.assign(tf.mul(value, noise));
      else value.assign(tf.add(value, tf.mul(tf.sub(noise, 1), 0.3)));
    }
  });
}
