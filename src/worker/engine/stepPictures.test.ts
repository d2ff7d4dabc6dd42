import { beforeAll, expect, test } from "vitest";
import { useNodeBackend } from "../../../tools/nodeBackends.ts";
import { defaultConfig, type Config } from "../../contract/config.ts";
import { CpuViewSource } from "../../ml/augment/cpuViewSource.ts";
import { demoBlocks } from "../../ml/data/demoBlocks.ts";
import { ImageStore } from "../../ml/data/imageStore.ts";
import { EpochSampler } from "../../ml/data/sampler.ts";
import { createMethod } from "../../ml/methods/createMethod.ts";
import type { Method } from "../../ml/methods/method.ts";
import { train } from "../../ml/training/train.ts";
import { drawStepPictures, PictureClock } from "./stepPictures.ts";

const base: Config = {
  ...defaultConfig,
  method: "mocov2",
  studentWidth: 4,
  hiddenWidth: 24,
  batchSize: 8,
  queueSize: 32,
  imageSize: 16,
  blurProbability: 0.5,
};
const images = new ImageStore(24);
for (const block of demoBlocks({ seed: 3, count: 40, size: 24 })) images.append(block);

beforeAll(() => useNodeBackend("cpu"));

test.each([
  ["drawn anew", base],
  ["stored", { ...base, cachedViews: 3 }],
])("pictures are those the step saw, of views %s", async (_, config) => {
  const source = new CpuViewSource(images, config.imageSize);
  const method = createMethod(config, null);
  const length = config.imageSize ** 2 * 3;
  let [first, second] = [new Float32Array(), new Float32Array()];
  const watched: Method = {
    trainer: method.trainer,
    studentViews: method.studentViews,
    step(views, settings) {
      first = (views.first.dataSync() as Float32Array).slice(0, length);
      second = (views.second.dataSync() as Float32Array).slice(0, length);
      return method.step(views, settings);
    },
    dispose: () => method.dispose(),
  };
  const members = Int32Array.from({ length: images.count }, (_, i) => i);
  const sampler = new EpochSampler(members, config.batchSize, 1);
  const setup = { method: watched, source, sampler, config, totalSteps: 2, live: () => config };
  const shown = new Set<number>();
  for await (const { step, seen, scalars } of train(setup)) {
    scalars.dispose();
    const { views, plain, ...about } = drawStepPictures(images, config.imageSize, step, seen);
    const index = seen.indices[0]!;
    shown.add(index);
    expect(about).toEqual({
      step,
      index,
      side: 16,
      name: images.nameOf(index),
      label: images.classOf(index),
    });
    [first, second].forEach((view, which) =>
      view.forEach((value, i) => {
        const byte = views[which]![Math.floor(i / 3) * 4 + (i % 3)]!;
        expect(Math.abs(byte - 255 * value)).toBeLessThanOrEqual(1);
      }),
    );
    expect(plain.length).toBe(16 * 16 * 4);
    expect(plain).not.toEqual(views[0]);
  }
  expect(shown.size).toBe(2);
  method.dispose();
});

test("the first steps are shown at once, then four a second at the most, and slow pictures less often", () => {
  let nowMs = 0;
  const clock = new PictureClock(() => nowMs);
  const shown: number[] = [];
  for (let step = 1; step <= 200; step++) {
    if (clock.isDue(step)) {
      shown.push(nowMs);
      const startMs = nowMs;
      nowMs += step < 100 ? 1 : 20;
      clock.drawn(startMs);
    }
    nowMs += 50;
  }
  expect(shown.slice(0, 3)).toEqual([0, 51, 102]);
  const pauses = shown.slice(3).map((ms, i) => ms - shown[i + 2]!);
  expect(Math.min(...pauses)).toBeGreaterThanOrEqual(250);
  expect(pauses.at(-1)).toBeGreaterThanOrEqual(2000);
});
