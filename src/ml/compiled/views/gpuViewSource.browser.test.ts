/** Views rendered on the GPU against those of plain loops, over many draws and at the corners of each operation. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { defaultConfig, type Config } from "../../../contract/config.ts";
import { invariant } from "../../../lib/invariant.ts";
import { createPrng } from "../../../lib/prng.ts";
import { browserLoader } from "../../../worker/engine/browserLoader.ts";
import { CpuViewSource } from "../../augment/cpuViewSource.ts";
import { drawView, drawViews, plainViews } from "../../augment/drawViews.ts";
import { packViews, wholeView, type View } from "../../augment/viewParameters.ts";
import type { ViewSource } from "../../augment/viewSource.ts";
import { demoBlocks } from "../../data/demoBlocks.ts";
import { ImageStore } from "../../data/imageStore.ts";
import { EpochSampler } from "../../data/sampler.ts";
import { improveBackend } from "../../tfjs/improveBackend.ts";
import { createMethod } from "../../methods/createMethod.ts";
import { prepareMethod } from "../../methods/prepareMethod.ts";
import { createTestTeacher } from "../../testing/testTeacher.ts";
import * as tf from "../../tfjs/tf.ts";
import { train } from "../../training/train.ts";
import { compileMethod } from "../compileMethod.ts";
import { GpuViewSource } from "./gpuViewSource.ts";
import { openViewSource } from "./openViewSource.ts";
import { tfjsGpu, type TfjsGpu } from "../../tfjs/tfjsGpu.ts";

/** Largest and mean difference allowed, of values in [0, 1]: rounding of float32, with room for GPUs' division. */
const worstAllowed = 1e-5;
const meanAllowed = 1e-6;

const augmentation: Config = {
  ...defaultConfig,
  jitterProbability: 0.8,
  grayscaleProbability: 0.2,
  blurProbability: 0.5,
};

let gpu: TfjsGpu;
beforeAll(async () => {
  await browserLoader.webgpu();
  await tf.setBackend("webgpu");
  await tf.ready();
  improveBackend("webgpu");
  const found = tfjsGpu();
  invariant(found !== null, "these tests need WebGPU");
  gpu = found;
});
afterAll(() => tf.setBackend("cpu"));

/** Random bytes, with patches of grey, black, white and pure colours, where hue and clamping have their corners. */
function randomImages(count: number, size: number): ImageStore {
  const prng = createPrng(5, "pictures");
  const pixels = Uint8Array.from({ length: count * size * size * 3 }, () => prng.integer(256));
  for (let i = 0; i < count; i++)
    [90, 90, 90, 0, 0, 0, 255, 255, 255, 255, 0, 0, 0, 0, 255].forEach((value, at) => {
      pixels[(i * size * size + size) * 3 + at] = value;
    });
  const images = new ImageStore(size);
  const names = Array.from({ length: count }, (_, i) => `image ${i}`);
  images.append({ size, pixels, names, classes: new Int16Array(count) });
  return images;
}

interface Difference {
  readonly worst: number;
  readonly mean: number;
}

async function difference(actual: tf.Tensor, expected: tf.Tensor): Promise<Difference> {
  expect(actual.shape).toEqual(expected.shape);
  const [a, b] = [await actual.data(), await expected.data()];
  let [worst, sum] = [0, 0];
  b.forEach((value, i) => {
    const distance = Math.abs(value - (a[i] as number));
    worst = distance <= worst ? worst : distance; // NaN counts
    sum += distance;
  });
  tf.dispose([actual, expected]);
  return { worst, mean: sum / b.length };
}

function expectEqual({ worst, mean }: Difference): void {
  expect(worst).toBeLessThan(worstAllowed);
  expect(mean).toBeLessThan(meanAllowed);
}

/** Both sources on the same images, for the time of `compare`. */
async function withSources(
  images: ImageStore,
  viewSize: number,
  compare: (onGpu: ViewSource, onCpu: ViewSource) => Promise<void>,
  residentLimit?: number,
): Promise<void> {
  const before = tf.memory().numTensors;
  const onGpu = await GpuViewSource.open(gpu, images, viewSize, residentLimit);
  await compare(onGpu, new CpuViewSource(images, viewSize));
  onGpu.dispose();
  expect(tf.memory().numTensors).toBe(before);
}

describe("views rendered on the GPU equal those of plain loops", () => {
  // Odd sizes, shrinking and enlarging; batches that are multiples of nothing; images asked for twice.
  test.each([
    { stored: 37, side: 24, batch: 13, residentLimit: undefined },
    { stored: 37, side: 24, batch: 13, residentLimit: 0 },
    { stored: 19, side: 33, batch: 7, residentLimit: undefined },
    { stored: 96, side: 17, batch: 5, residentLimit: undefined },
    { stored: 32, side: 32, batch: 11, residentLimit: 0 },
  ])("random ones, $stored → $side px, resident limit $residentLimit", async (given) => {
    const images = randomImages(17, given.stored);
    await withSources(
      images,
      given.side,
      async (onGpu, onCpu) => {
        const prngs = [createPrng(8, "views"), createPrng(8, "views")] as const;
        const choice = createPrng(8, "indices");
        for (let draw = 0; draw < 12; draw++) {
          const count = 1 + choice.integer(given.batch);
          const indices = Int32Array.from({ length: count }, () => choice.integer(images.count));
          const [actual, expected] = [
            drawViews(onGpu, indices, prngs[0], augmentation),
            drawViews(onCpu, indices, prngs[1], augmentation),
          ];
          expectEqual(await difference(actual.first, expected.first));
          expectEqual(await difference(actual.second, expected.second));
        }
        const some = Int32Array.of(3, 16, 3);
        expectEqual(
          await difference(
            drawView(onGpu, some, prngs[0], augmentation),
            drawView(onCpu, some, prngs[1], augmentation),
          ),
        );
        expectEqual(await difference(plainViews(onGpu, some), plainViews(onCpu, some)));
      },
      given.residentLimit,
    );
  });

  const whole = wholeView(21, 21);
  const jitter = { jitter0: 3, jitter1: 1, jitter2: 0, jitter3: 2 };
  const amounts = { brightness: 1.3, contrast: 0.6, saturation: 1.7, hue: -0.2 };
  const single: readonly (readonly [string, Partial<View>])[] = [
    ["nothing", {}],
    ["the smallest crop", { cropTop: 20, cropLeft: 4, cropHeight: 1, cropWidth: 1 }],
    ["a thin crop", { cropTop: 2, cropLeft: 0, cropHeight: 3, cropWidth: 21 }],
    ["flip", { flip: 1 }],
    ["no light", { jitter0: 0, brightness: 0 }],
    ["glare", { jitter0: 0, brightness: 1.9 }],
    ["no contrast", { jitter2: 1, contrast: 0 }],
    ["harsh contrast", { jitter0: 1, contrast: 1.9 }],
    ["no saturation", { jitter1: 2, saturation: 0 }],
    ["gaudy", { jitter1: 2, saturation: 2 }],
    ["half a turn", { jitter0: 3, hue: 0.5 }],
    ["half a turn back", { jitter0: 3, hue: -0.5 }],
    ["a sixth of a turn", { jitter3: 3, hue: 1 / 6 }],
    ["a third of a turn back", { jitter0: 3, hue: -1 / 3 }],
    ["grayscale", { grayscale: 1 }],
    ["all colours", { ...jitter, ...amounts }],
    ["all colours, contrast last", { ...amounts, jitter0: 2, jitter1: 0, jitter2: 3, jitter3: 1 }],
    ["all colours, contrast first, grey", { ...amounts, ...jitter, jitter0: 1, jitter1: 3, grayscale: 1 }],
    ["the narrowest blur", { blurSigma: 0.01, blurRadius: 1 }],
    ["a blur of one tap", { blurSigma: 0.3, blurRadius: 0 }],
    ["the widest blur, wider than the view", { blurSigma: 10, blurRadius: 30 }],
    [
      "everything",
      { ...jitter, ...amounts, cropTop: 3, cropHeight: 15, flip: 1, blurSigma: 2, blurRadius: 6 },
    ],
  ];
  test("each operation alone, and together", async () => {
    await withSources(randomImages(2, 21), 14, async (onGpu, onCpu) => {
      for (const [name, changes] of single) {
        const view: View = { ...whole, ...changes };
        const parameters = packViews([view, whole]);
        const indices = Int32Array.of(1, 0);
        const found = await difference(onGpu.render(indices, parameters), onCpu.render(indices, parameters));
        expect(found.worst, name).toBeLessThan(worstAllowed);
        expect(found.mean, name).toBeLessThan(meanAllowed);
      }
    });
  });
});

test("memory is flat over 200 draws, resident or streamed", async () => {
  const images = randomImages(20, 24);
  for (const residentLimit of [undefined, 0]) {
    const source = await GpuViewSource.open(gpu, images, 16, residentLimit);
    const prng = createPrng(1, "flat");
    const seen = new Set<string>();
    for (let draw = 0; draw < 200; draw++) {
      const indices = Int32Array.from({ length: 6 }, () => prng.integer(images.count));
      const { first, second } = drawViews(source, indices, prng, augmentation);
      tf.dispose([first, second]);
      if (draw === 0) continue;
      const { numTensors, numBytes, numBytesInGPU } = tf.memory() as tf.MemoryInfo & {
        readonly numBytesInGPU: number;
      };
      seen.add([numTensors, numBytes, numBytesInGPU].join(" "));
    }
    expect(seen.size).toBe(1);
    source.dispose();
  }
});

test("views are ordinary tensors: a later draw leaves them alone", async () => {
  const images = randomImages(9, 20);
  const source = await GpuViewSource.open(gpu, images, 12);
  const prng = createPrng(2, "kept");
  const kept = drawView(source, Int32Array.of(1, 2), prng, augmentation);
  const copy = tf.add(kept, 0);
  const later = drawView(source, Int32Array.of(3, 4), prng, augmentation);
  expect(await difference(kept, copy)).toEqual({ worst: 0, mean: 0 });
  later.dispose();
  source.dispose();
});

test("a run's views come from the GPU where it is one, from plain loops where it is a program", async () => {
  const images = randomImages(2, 8);
  const hardware = await openViewSource(images, 8, { software: false });
  const software = await openViewSource(images, 8, { software: true });
  expect(hardware).toBeInstanceOf(GpuViewSource);
  expect(software).toBeInstanceOf(CpuViewSource);
  hardware.dispose();
});

/** BINGO draws twice a step, and its loss is tfjs's; DisCo's step is compiled whole. */
test.each(["bingo", "disco"] as const)("%s learns the same from either source", async (method) => {
  const config: Config = {
    ...augmentation,
    ...{ method, imageSize: 16, teacherInputSize: 16, studentWidth: 4, hiddenWidth: 16, batchSize: 6 },
    ...{ queueSize: 12, learningRate: 0.002, distillWeight: 2, seed: 5 },
  };
  const images = new ImageStore(24);
  for (const block of demoBlocks({ seed: 3, count: 30, size: 24 })) images.append(block);
  const members = Int32Array.from({ length: images.count }, (_, i) => i);
  const losses = async (source: ViewSource): Promise<readonly number[]> => {
    const teacher = createTestTeacher(20);
    const created = createMethod(config, teacher);
    await prepareMethod(
      created,
      { teacher, source, train: members, config },
      { report: () => undefined, cancelled: () => false },
    );
    const execution = await compileMethod(created, { batch: 6, height: 16, width: 16 }, { software: true });
    expect(execution.executor).toBe("compiled");
    const sampler = new EpochSampler(members, config.batchSize, config.seed);
    const steps = train({
      ...{ method: execution.method, source, sampler, config },
      ...{ totalSteps: 3, live: () => config },
    });
    const found: number[] = [];
    for await (const { scalars } of steps) {
      found.push(...(await scalars.data()));
      scalars.dispose();
    }
    execution.method.dispose();
    teacher.dispose();
    return found;
  };
  await withSources(images, 16, async (onGpu, onCpu) => {
    const [actual, expected] = [await losses(onGpu), await losses(onCpu)];
    expect(expected.length).toBe(12);
    actual.forEach((value, i) => expect(value).toBeCloseTo(expected[i]!, 3));
  });
});
