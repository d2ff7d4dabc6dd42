import { beforeAll, expect, test } from "vitest";
import { useNodeBackend } from "../../../tools/nodeBackends.ts";
import { defaultConfig, type Config } from "../../contract/config.ts";
import { createPrng } from "../../lib/prng.ts";
import { cutMix, drawCutBox, keptShare } from "../augment/cutMix.ts";
import { improveBackend } from "../tfjs/improveBackend.ts";
import { infoNce } from "../losses/infoNce.ts";
import { createTestTeacher } from "../testing/testTeacher.ts";
import { normalizeRows } from "../tensors/unitRows.ts";
import * as tf from "../tfjs/tf.ts";
import { createMethod } from "./createMethod.ts";
import type { ViewPair } from "../augment/viewPair.ts";

const config: Config = {
  ...defaultConfig,
  method: "bingo",
  studentWidth: 4,
  hiddenWidth: 24,
  embeddingDim: 20,
  batchSize: 6,
  queueSize: 18,
  imageSize: 16,
};

beforeAll(async () => {
  await useNodeBackend("wasm");
  improveBackend("wasm");
});

test("a step is six InfoNCE of the student's first views with the teacher's second, whose anchors enter the queue", async () => {
  const teacher = createTestTeacher(20);
  const prng = createPrng(3, "views");
  const image = (): tf.Tensor4D =>
    tf.tensor4d(
      Float32Array.from({ length: 6 * 16 * 16 * 3 }, () => prng.uniform()),
      [6, 16, 16, 3],
    );
  const pair = (): ViewPair => ({ first: image(), second: image() });
  const [anchors, companions] = [pair(), pair()];

  const twin = createMethod(config, teacher); // the same student and queue before their first step
  const box = drawCutBox(createPrng(config.seed, "cutmix"), 16);
  const share = keptShare(box, 16);
  expect(share).toBeGreaterThan(0.05);
  expect(share).toBeLessThan(0.95);
  const expected = tf.tidy(() => {
    const student = (view: tf.Tensor4D) =>
      normalizeRows(twin.trainer.run(twin.trainer.prepare(view)).embedding);
    const target = (view: tf.Tensor4D) => normalizeRows(teacher.embed(view, "eval", 0).embedding);
    const [a, b] = [student(anchors.first), student(companions.first)];
    const m = student(cutMix(anchors.first, companions.first, box));
    const [keyA, keyB] = [target(anchors.second), target(companions.second)];
    const keys = twin.queue!.keys();
    const all = [a, b, m].flatMap((query) => [keyA, keyB].map((key) => infoNce(query, key, keys, 0.3)));
    return { losses: tf.stack(all), queued: tf.clone(keyA) };
  });
  const [aA, aB, bA, bB, mA, mB] = await expected.losses.data<"float32">();
  const loss = ((aA! + aB! + bA! + bB!) / 2 + share * mA! + (1 - share) * mB!) / 3;
  twin.dispose();

  const method = createMethod(config, teacher);
  const settings = { learningRate: 0.02, distillWeight: 7, contrastiveWeight: 5, temperature: 0.3 };
  const scalars = method.step({ ...anchors, companions }, settings);
  const [total, contrastive, distillation] = await scalars.data<"float32">();
  expect(total).toBeCloseTo(loss, 4);
  expect(distillation).toBe(total);
  expect(contrastive).toBe(0);
  const { keys, next } = await method.queue!.state();
  expect(next).toBe(6);
  const queued = await expected.queued.data();
  queued.forEach((value, i) => expect(keys[i]).toBeCloseTo(value, 6));

  expect(() => method.step(anchors, settings)).toThrow("views of bag members");
  method.dispose();
  teacher.dispose();
  tf.dispose([scalars, expected.losses, expected.queued]);
  tf.dispose([anchors, companions].flatMap(({ first, second }) => [first, second]));
});
