import { beforeAll, expect, it } from "vitest";
import { readCheckpoint } from "../../formats/checkpoint.ts";
import { namedEncoder } from "../models/encoder.ts";
import { imageNetPreprocessing } from "../tensors/normalizeImages.ts";
import { tensorsOf, torchCheckpoint } from "../testing/torchCheckpoint.ts";
import * as tf from "../tfjs/tf.ts";
import { createCheckpointTeacher } from "./checkpointTeacher.ts";

const network = namedEncoder("resnet18", "cifar", 4, { hidden: 24, out: 12 });

beforeAll(() => tf.setBackend("cpu"));

it("normalises as a recipe says, and takes its input size", async () => {
  const checkpoint = await readCheckpoint(await torchCheckpoint(tensorsOf(network)), "moco.pth");
  const about = { name: "moco.pth", bytes: 1 };
  const usual = createCheckpointTeacher(checkpoint, about);
  const told = createCheckpointTeacher(checkpoint, about, { inputSize: 16, normalisation: "symmetric" });
  expect(usual.card).toMatchObject({ inputSize: 32, preprocessing: "ImageNet mean/std" });
  expect(usual.card.recipe).toBeUndefined();
  expect(told.card).toMatchObject({
    inputSize: 16,
    preprocessing: "−1 … 1",
    recipe: { inputSize: 16, normalisation: "symmetric" },
  });

  const images = tf.randomUniform<tf.Rank.R4>([2, 16, 16, 3], 0, 1, "float32", 7);
  // The image that ImageNet's normalisation takes to where (x − ½)/½ takes this one.
  const { mean, std } = imageNetPreprocessing;
  const equivalent: tf.Tensor4D = tf.add(
    tf.mul(tf.sub(tf.mul(images, 2), 1), tf.tensor1d([...std])),
    tf.tensor1d([...mean]),
  );
  const difference = tf.sub(
    told.embed(images, "eval", 0).embedding,
    usual.embed(equivalent, "eval", 16).embedding,
  );
  expect((await tf.max(tf.abs(difference)).data())[0]).toBeLessThan(1e-5);
});
