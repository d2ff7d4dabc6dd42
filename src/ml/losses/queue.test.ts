import { beforeAll, describe, expect, test } from "vitest";
import { byName, goldenFixtures } from "../../../tools/goldenFixtures.ts";
import { nodeBackends, useNodeBackend } from "../../../tools/nodeBackends.ts";
import { AppError } from "../../contract/errors.ts";
import { createPrng } from "../../lib/prng.ts";
import { knownUnitRows } from "../tensors/unitRows.ts";
import * as tf from "../tfjs/tf.ts";
import { verifyQueue } from "../../../verify/verifyQueue.ts";
import { KeyQueue, randomKeyQueue } from "./queue.ts";

const fixtures = goldenFixtures("3_disco").filter(({ name }) => name.endsWith("queue_semantics"));
const numbered = (first: number, count: number) =>
  knownUnitRows(tf.tensor2d(Array.from({ length: count }, (_, i) => [first + i, 1 + first + i])));

describe.each(nodeBackends)("on %s", (backend) => {
  beforeAll(() => useNodeBackend(backend));

  // 5 does not divide 12, so every position of the wrap occurs; 12 replaces everything; 1 is the smallest.
  test.each([1, 4, 5, 12])(
    "holds the last 12 keys, %d at a time, where a plain ring has them",
    async (batch) => {
      const before = tf.memory().numTensors;
      const queue = new KeyQueue(numbered(100, 12));
      const ring = Array.from({ length: 12 }, (_, i) => 100 + i);
      for (let step = 0, sent = 0; step < 15; step++, sent += batch) {
        tf.tidy(() => queue.enqueue(numbered(sent, batch))); // survives a scope around it
        for (let i = 0; i < batch; i++) ring[(sent + i) % 12] = sent + i;
        const rows = await queue.keys().data();
        expect(Array.from(rows)).toEqual(ring.flatMap((v) => [v, 1 + v]));
        expect(queue.next).toBe((sent + batch) % 12);
        expect(tf.memory().numTensors).toBe(before + 1);
      }
      queue.dispose();
      expect(tf.memory().numTensors).toBe(before);
    },
  );

  test("starts with seeded directions of length 1", async () => {
    const make = (seed: number) => randomKeyQueue(createPrng(seed, "queue"), 64, 7, 16);
    const [one, same, other] = [make(1), make(1), make(2)];
    const values = await one.keys().data();
    expect(await same.keys().data()).toEqual(values);
    expect(await other.keys().data()).not.toEqual(values);
    let sum = 0;
    for (let row = 0; row < 64; row++) {
      expect(Math.hypot(...values.slice(row * 7, row * 7 + 7))).toBeCloseTo(1, 6);
      sum += values[row * 7]!;
    }
    expect(Math.abs(sum / 64)).toBeLessThan(0.2); // directions spread around the origin
    [one, same, other].forEach((queue) => queue.dispose());
  });

  test("goes on from its saved state", async () => {
    const queue = new KeyQueue(numbered(0, 6));
    queue.enqueue(numbered(50, 4));
    const restored = KeyQueue.fromState(await queue.state());
    for (const each of [queue, restored]) each.enqueue(numbered(70, 4));
    expect(await restored.state()).toEqual(await queue.state());
    [queue, restored].forEach((each) => each.dispose());
  });

  test.each(byName(fixtures))("%s", async (_name, fixture) => {
    const rows = await verifyQueue(fixture);
    expect(rows.filter((row) => !row.passed)).toEqual([]);
    expect(rows.length).toBeGreaterThan(0);
  });
});

test.each([
  [12, 5, "10"],
  [4, 8, "8"],
])("refuses a queue of %d for batches of %d, and says what would do", (capacity, batch, advice) => {
  let thrown: unknown;
  try {
    randomKeyQueue(createPrng(1, "queue"), capacity, 2, batch);
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toBeInstanceOf(AppError);
  expect((thrown as AppError).code).toBe("config-invalid");
  expect((thrown as AppError).hint).toContain(advice);
});
