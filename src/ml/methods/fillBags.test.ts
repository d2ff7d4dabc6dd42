import { beforeAll, expect, test } from "vitest";
import { useNodeBackend } from "../../../tools/nodeBackends.ts";
import { defaultConfig } from "../../contract/config.ts";
import { createPrng } from "../../lib/prng.ts";
import { CpuViewSource } from "../augment/cpuViewSource.ts";
import { plainViews } from "../augment/drawViews.ts";
import { demoBlocks } from "../data/demoBlocks.ts";
import { ImageStore } from "../data/imageStore.ts";
import { createTestTeacher } from "../testing/testTeacher.ts";
import * as tf from "../tfjs/tf.ts";
import { Bags } from "./bags.ts";
import { fillBags } from "./fillBags.ts";

const config = { ...defaultConfig, imageSize: 16 };
const images = new ImageStore(20);
for (const block of demoBlocks({ seed: 3, count: 150, size: 20 }, 40)) images.append(block);
const source = new CpuViewSource(images, config.imageSize);
/** Every image but each third: indices into the store are not rows. More than are embedded at once. */
const train = Int32Array.from({ length: images.count }, (_, i) => i).filter((i) => i % 3 !== 1);
const never = (): boolean => false;
const silent = (): void => undefined;

beforeAll(() => useNodeBackend("wasm"));

test("a bag holds the five nearest by the teacher's features, found by slow loops", async () => {
  const teacher = createTestTeacher(7);
  const before = tf.memory().numTensors;
  const bags = new Bags();
  const reports = new Map<string, string>();
  await fillBags(
    bags,
    { teacher, source, train, config },
    { report: ({ task, done, total }) => void reports.set(task, `${done}/${total}`), cancelled: never },
  );
  expect(tf.memory().numTensors).toBe(before);
  expect([...reports]).toEqual([
    ["Embedding the images by the teacher", "100/100"],
    ["Finding each image's neighbours", "100/100"],
  ]);

  const features: number[][] = [];
  for (const image of train) {
    const row = tf.tidy(() => teacher.embed(plainViews(source, Int32Array.of(image)), "eval", 0).features);
    features.push(Array.from(await row.data()));
    row.dispose();
  }
  const cosine = (a: readonly number[], b: readonly number[]): number =>
    a.reduce((sum, v, d) => sum + v * b[d]!, 0) / (Math.hypot(...a) * Math.hypot(...b));
  train.forEach((image, row) => {
    const likeness = (other: number): number => cosine(features[row]!, features[train.indexOf(other)]!);
    const expected = Array.from(train)
      .filter((other) => other !== image)
      .sort((a, b) => likeness(b) - likeness(a))
      .slice(0, 5);
    const bag = Array.from(bags.membersOf(image));
    expect(new Set(bag).size).toBe(5);
    expect(bag).not.toContain(image);
    // Two that are equally alike to the last bit of float32 may change places.
    bag.forEach((member, i) => expect(likeness(member)).toBeCloseTo(likeness(expected[i]!), 5));
  });
  teacher.dispose();
});

test("each member of a bag is as likely, and the same generator picks the same", () => {
  const bags = new Bags();
  bags.fill(
    new Map([
      [4, Int32Array.of(9, 7, 5)],
      [8, Int32Array.of(4, 6, 2)],
    ]),
  );
  const draws = 3000;
  const batch = Int32Array.from({ length: draws }, (_, i) => (i % 2 === 0 ? 4 : 8));
  const picked = bags.pick(batch, createPrng(1, "companions"));
  expect(picked).toEqual(bags.pick(batch, createPrng(1, "companions")));
  expect(picked).not.toEqual(bags.pick(batch, createPrng(2, "companions")));
  picked.forEach((member, i) => expect(bags.membersOf(batch[i]!)).toContain(member));
  for (const member of [9, 7, 5, 4, 6, 2]) {
    const share = picked.filter((other) => other === member).length / draws;
    expect(Math.abs(share - 1 / 6)).toBeLessThan(0.03); // four standard errors
  }
});

test("a set smaller than a bag puts all others into each, and a single image is refused", async () => {
  const teacher = createTestTeacher(7);
  const bags = new Bags();
  const few = Int32Array.of(11, 3, 40);
  await fillBags(bags, { teacher, source, train: few, config }, { report: silent, cancelled: never });
  expect(Array.from(bags.membersOf(3)).sort((a, b) => a - b)).toEqual([11, 40]);
  await expect(
    fillBags(
      new Bags(),
      { teacher, source, train: Int32Array.of(11), config },
      { report: silent, cancelled: never },
    ),
  ).rejects.toMatchObject({ code: "dataset-too-small" });
  teacher.dispose();
});

test("called off, while embedding or while searching, it stops soon and gives every tensor back", async () => {
  const teacher = createTestTeacher(7);
  for (const last of ["Embedding", "Finding"]) {
    const before = tf.memory().numTensors;
    const tasks: string[] = [];
    const bags = new Bags();
    await fillBags(
      bags,
      { teacher, source, train, config },
      {
        report: ({ task }) => void tasks.push(task),
        cancelled: () => tasks.at(-1)?.startsWith(last) === true,
      },
    );
    expect(tasks.filter((task) => task.startsWith(last)).length).toBe(1);
    expect(tasks.at(-1)).toContain(last);
    expect(() => bags.membersOf(train[0]!)).toThrow("has no bag");
    expect(tf.memory().numTensors).toBe(before);
  }
  teacher.dispose();
});
