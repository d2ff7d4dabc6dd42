import type { View, ViewParameters } from "../../../src/ml/augment/viewParameters.ts";
import * as tf from "../../../src/ml/tfjs/tf.ts";
import type { AugmentContestant } from "./augmentContestant.ts";
import { viewsOf, type AugmentData } from "./augmentJob.ts";

/**
 * The same views from operations over the whole batch: cropAndResize, element-wise arithmetic with a factor for each
 * image, and a blur whose kernels, one for each image, are a depthwise convolution of images folded into channels.
 * Channels go apart as long as colours are changed: tfjs reduces three values on WebGPU 200 times as slowly as it adds
 * three tensors. cropAndResize samples two pixels each way however much it shrinks, and places them a little otherwise.
 */
export const tfjsAugment: AugmentContestant = {
  prepare: async (data) => {
    const { job, images, indices } = data;
    const bytes = images.gather(indices);
    const stored = tf.tensor4d(
      Float32Array.from(bytes, (value) => value / 255),
      [job.images, job.storedSide, job.storedSide, 3],
    );
    return () => ({ first: render(stored, data, data.first), second: render(stored, data, data.second) });
  },
};

/** Red, green and blue, [N, V, V, 1] each. */
type Channels = readonly [tf.Tensor4D, tf.Tensor4D, tf.Tensor4D];

function render(stored: tf.Tensor4D, { job, indices }: AugmentData, parameters: ViewParameters): tf.Tensor4D {
  const views = viewsOf(parameters);
  const { storedSide, viewSide } = job;
  const factors = (of: (view: View) => number): tf.Tensor4D =>
    tf.tensor4d(views.map(of), [views.length, 1, 1, 1]);
  return tf.tidy(() => {
    const boxes = tf.tensor2d(views.map((view) => boxOf(view, storedSide, viewSide)));
    const cropped = tf.image.cropAndResize(stored, boxes, tf.tensor1d(indices, "int32"), [
      viewSide,
      viewSide,
    ]);
    const brightness = factors((view) => view.brightness);
    const contrast = factors((view) => view.contrast);
    const saturation = factors((view) => view.saturation);
    const grayness = factors((view) => 1 - view.grayscale);
    let colours = tf.split(cropped, 3, 3) as unknown as Channels;
    colours = blend(colours, 0, brightness);
    colours = blend(colours, tf.mean(grey(colours), [1, 2], true), contrast);
    colours = blend(colours, grey(colours), saturation);
    colours = turnHue(
      colours,
      factors((view) => view.hue),
    );
    colours = blend(colours, grey(colours), grayness);
    return blur(tf.concat([...colours], 3), views);
  });
}

function map(colours: Channels, change: (channel: tf.Tensor4D) => tf.Tensor): Channels {
  return colours.map(change) as unknown as Channels;
}

function grey([red, green, blue]: Channels): tf.Tensor4D {
  return tf.add(tf.add(tf.mul(red, 0.2989), tf.mul(green, 0.587)), tf.mul(blue, 0.114));
}

function blend(colours: Channels, towards: tf.Tensor | number, factor: tf.Tensor4D): Channels {
  const constant = tf.mul(tf.sub(1, factor), towards);
  return map(colours, (channel) => tf.clipByValue(tf.add(tf.mul(channel, factor), constant), 0, 1));
}

/** In cropAndResize's units, where 0 and 1 are the centres of the outermost pixels; a flip swaps left and right. */
function boxOf(view: View, storedSide: number, viewSide: number): [number, number, number, number] {
  const ends = (start: number, length: number): [number, number] => {
    const inset = length / viewSide / 2 - 0.5;
    const place = (at: number): number => Math.min(1, Math.max(0, at / (storedSide - 1)));
    return [place(start + inset), place(start + length - 1 - inset)];
  };
  const [top, bottom] = ends(view.cropTop, view.cropHeight);
  const [left, right] = ends(view.cropLeft, view.cropWidth);
  return view.flip === 1 ? [top, right, bottom, left] : [top, left, bottom, right];
}

function turnHue([red, green, blue]: Channels, turns: tf.Tensor4D): Channels {
  const high = tf.maximum(tf.maximum(red, green), blue);
  const range = tf.sub(high, tf.minimum(tf.minimum(red, green), blue));
  const divisor = tf.maximum(range, 1e-12); // grey has no hue, and no range to give it
  const sixths = tf.where(
    tf.equal(high, red),
    tf.div(tf.sub(green, blue), divisor),
    tf.where(
      tf.equal(high, green),
      tf.add(2, tf.div(tf.sub(blue, red), divisor)),
      tf.add(4, tf.div(tf.sub(red, green), divisor)),
    ),
  );
  const hue = tf.add(sixths, tf.mul(6, turns));
  const channel = (n: number): tf.Tensor4D => {
    const k = tf.mod(tf.add(hue, n), 6);
    return tf.sub(high, tf.mul(range, tf.clipByValue(tf.minimum(k, tf.sub(4, k)), 0, 1)));
  };
  return [channel(5), channel(3), channel(1)];
}

function blur(x: tf.Tensor4D, views: readonly View[]): tf.Tensor4D {
  const [count, side, , channels] = x.shape;
  const radius = Math.max(...views.map((view) => (view.blurSigma > 0 ? view.blurRadius : 0)));
  if (radius === 0) return x;
  const taps = 2 * radius + 1;
  const kernels = views.map((view) => {
    const weights = Array.from({ length: taps }, (_, i) => {
      const distance = Math.abs(i - radius);
      if (view.blurSigma === 0) return distance === 0 ? 1 : 0;
      return distance > view.blurRadius ? 0 : Math.exp(-0.5 * (distance / view.blurSigma) ** 2);
    });
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    return weights.map((weight) => weight / total);
  });
  const columns = Array.from({ length: taps }, (_, tap) =>
    kernels.flatMap((kernel) => new Array<number>(channels).fill(kernel[tap] as number)),
  ).flat();
  const edges: [number, number] = [radius, radius];
  const padded = tf.mirrorPad(x, [[0, 0], edges, edges, [0, 0]], "reflect");
  const width = side + 2 * radius;
  const folded = tf.reshape(tf.transpose(padded, [1, 2, 0, 3]), [1, width, width, count * channels]);
  const down = tf.tensor4d(columns, [taps, 1, count * channels, 1]);
  const across = tf.tensor4d(columns, [1, taps, count * channels, 1]);
  const blurred = tf.depthwiseConv2d(
    tf.depthwiseConv2d(folded as tf.Tensor4D, down, 1, "valid"),
    across,
    1,
    "valid",
  );
  return tf.transpose(tf.reshape(blurred, [side, side, count, channels]), [2, 0, 1, 3]);
}
