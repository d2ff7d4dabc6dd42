import { beforeAll, expect, test } from "vitest";
import { useNodeBackend } from "../../../tools/nodeBackends.ts";
import { defaultConfig, type Config } from "../../contract/config.ts";
import { createPrng } from "../../lib/prng.ts";
import { improveBackend } from "../tfjs/improveBackend.ts";
import { doGo } from "../losses/doGo.ts";
import { ntXent } from "../losses/ntXent.ts";
import { createTestTeacher } from "../testing/testTeacher.ts";
import { normalizeRows } from "../tensors/unitRows.ts";
import * as tf from "../tfjs/tf.ts";
import { createMethod } from "./createMethod.ts";

const config: Config = {
  ...defaultConfig,
  method: "doGo",
  studentWidth: 4,
  hiddenWidth: 24,
  embeddingDim: 20,
  batchSize: 6,
  imageSize: 16,
};

beforeAll(async () => {
  await useNodeBackend("wasm");
  improveBackend("wasm");
});

test("adds λ times NT-Xent at τ and w times the divergence at 0.1, and a larger w brings the teacher's likenesses nearer", async () => {
  const teacher = createTestTeacher(14);
  const prng = createPrng(3, "views");
  const image = (): tf.Tensor4D =>
    tf.tensor4d(
      Float32Array.from({ length: 6 * 16 * 16 * 3 }, () => prng.uniform()),
      [6, 16, 16, 3],
    );
  const views = { first: image(), second: image() };
  const settings = { learningRate: 0.02, distillWeight: 70, contrastiveWeight: 0.3, temperature: 0.4 };

  const twin = createMethod(config, teacher).trainer; // the same student before its first step
  const expected = tf.tidy(() => {
    const student = (view: tf.Tensor4D) => normalizeRows(twin.run(twin.prepare(view)).embedding);
    const target = (view: tf.Tensor4D) => normalizeRows(teacher.embed(view, "eval", 0).embedding);
    const [first, second] = [student(views.first), student(views.second)];
    return tf.stack([
      ntXent(first, second, 0.4),
      doGo({ first, second }, { first: target(views.first), second: target(views.second) }, 0.1),
    ]);
  });
  const [contrastive, divergence] = Array.from(await expected.data()) as [number, number];
  twin.dispose();

  const divergences: number[] = [];
  for (const distillWeight of [0, 70]) {
    const method = createMethod(config, teacher);
    for (let step = 0; step < 12; step++) {
      const scalars = method.step(views, { ...settings, distillWeight });
      const [loss, ...parts] = Array.from(await scalars.data()) as [number, number, number, number];
      scalars.dispose();
      if (step === 0) {
        expect(parts[0]).toBeCloseTo(contrastive, 5);
        expect(parts[1]).toBeCloseTo(divergence, 5);
        expect(loss).toBeCloseTo(0.3 * contrastive + distillWeight * divergence, 4);
      }
      if (step === 11) divergences.push(parts[1]);
    }
    method.dispose();
  }
  expect(divergences[1]).toBeLessThan(0.8 * divergences[0]!);
  tf.dispose([views.first, views.second, expected]);
  teacher.dispose();
});
