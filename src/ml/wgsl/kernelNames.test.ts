import { expect, test } from "vitest";
import { batchNorm, batchNormGradient, followStatistics, meanStatistics } from "./batchNorm.ts";
import * as contrast from "./contrast.ts";
import * as registers from "./convolution.ts";
import { convolution, convolutionFilterGradient, convolutionInputGradient } from "./convolutions.ts";
import { depthwise, depthwiseFilterGradient, depthwiseInputGradient } from "./depthwise.ts";
import * as elementwise from "./elementwise.ts";
import { hardwareGranularity, softwareGranularity } from "./granularity.ts";
import { shaderOf, uniformsOf, type Kernel } from "./kernel.ts";
import * as muon from "./muon.ts";
import * as pooling from "./pooling.ts";
import { batchProduct } from "./products.ts";
import * as relations from "./relations.ts";
import * as softmax from "./softmaxRows.ts";
import { Struct } from "./struct.ts";
import * as unit from "./unitRows.ts";
import { renderViewsKernel } from "./views.ts";

const granularities = [hardwareGranularity, softwareGranularity];
const optimiser = { momentum: 0.9, weightDecay: 0.1 };
const convolutions = [
  { kernel: 1, stride: 1, padding: 0 },
  { kernel: 1, stride: 2, padding: 0 },
  { kernel: 3, stride: 1, padding: 1 },
  { kernel: 3, stride: 2, padding: 1 },
].map((window) => ({ samples: 3, height: 9, width: 7, inChannels: 8, outChannels: 8, ...window }));
const pool = { samples: 3, height: 9, width: 7, channels: 8, kernel: 3, stride: 2, padding: 1, pixels: 63 };
const viewNumbers = [
  ...["cropTop", "cropLeft", "cropHeight", "cropWidth", "jitter0", "brightness", "contrast", "saturation"],
  ...["hue", "grayscale", "blurSigma", "blurRadius", "flip"],
];
const polynomial = { a: 1, b: 2, c: 3 };

/** Every kernel there is, in the variants that its text has. */
const kernels: readonly Kernel[] = [
  ...granularities.flatMap((granularity) => [
    ...convolutions.flatMap((shape) => [
      ...[convolution, registers.convolution].map((of) =>
        of(shape, { bias: true, residual: true, activation: "silu" }, granularity),
      ),
      ...[convolutionInputGradient, registers.convolutionInputGradient].map((of) =>
        of(shape, true, granularity),
      ),
      ...[convolutionFilterGradient, registers.convolutionFilterGradient, depthwiseFilterGradient].map(
        (of) => of(shape, granularity).kernel,
      ),
      depthwise(shape, { bias: true }),
      depthwiseInputGradient(shape, true),
    ]),
    ...[1, 3].flatMap((subBatchesPerView) =>
      [true, false].flatMap((residual) => {
        const activation = residual ? ("relu" as const) : undefined;
        const shape = {
          views: 2,
          samples: 3,
          subBatchesPerView,
          pixels: 5,
          channels: 8,
          eps: 1e-5,
          activation,
          residual,
        };
        const apart = { ...shape, activation: undefined, residual: false, affineApart: true } as const;
        return [shape, apart].flatMap((norm) =>
          [batchNorm(norm, granularity), batchNormGradient(norm, granularity)].flatMap(({ sums, apply }) => [
            sums,
            apply,
          ]),
        );
      }),
    ),
    elementwise.sumRows(5, 8, granularity),
    pooling.globalAveragePool(pool, granularity),
    pooling.gateGradient(pool, granularity),
    softmax.softmaxDistance(5, 7, { measure: "divergence", scale: 2 }, granularity),
    softmax.ntXentLosses(6, 2, granularity),
    softmax.bagLosses({ images: 3, width: 5, keys: 7, scale: 2 }, granularity),
    relations.relativeDistanceLoss(5, granularity),
    relations.angleLosses(5, granularity),
  ]),
  followStatistics(2, { views: 2, subBatchesPerView: 2 }, "backward"),
  meanStatistics({
    views: 1,
    samples: 4,
    subBatchesPerView: 2,
    pixels: 5,
    channels: 8,
    eps: 1,
    activation: undefined,
    residual: false,
  }),
  ...[true, false].flatMap((contrasts) => {
    const loss = { batch: 6, views: 2, dim: 8, keys: 18, contrasts, distils: true };
    return [
      contrast.normaliseRows(6, 8),
      contrast.logits(loss),
      contrast.logitSums(loss, 64).kernel,
      contrast.rowLosses(loss, 2),
      contrast.averageLosses(loss),
      contrast.attractions(loss, 64).kernel,
      contrast.embeddingGradient(loss, 2),
    ];
  }),
  elementwise.activate(8, "silu"),
  elementwise.activateGradient(8, "silu", true),
  ...[elementwise.add, elementwise.copy, elementwise.addTo].map((of) => of(8)),
  elementwise.sumParts(2, 8),
  elementwise.resizeRows(2, 3, 4),
  elementwise.normaliseImages(8, 2),
  elementwise.normaliseChannels(8, [1, 2, 3], [1, 2, 3]),
  elementwise.sgd(8, optimiser),
  elementwise.follow(8, 0.9),
  muon.muonMomentum(8, 0.9, { rateShare: 1, beta1: 0.9, beta2: 0.9, epsilon: 1e-8 }),
  ...[muon.muonGram, muon.muonProduct, muon.muonDirections].map((of) => of(2)),
  muon.muonNormalise(2, 1e-7),
  muon.muonPolynomial(2, polynomial),
  muon.muonMove(2, 0.1),
  pooling.maxPool(pool),
  pooling.maxPoolNormalised(pool, "relu"),
  pooling.maxPoolGradient(pool, true),
  pooling.globalAveragePoolGradient(pool, true),
  pooling.globalMaxPool(pool),
  pooling.globalMaxPoolGradient(pool, true),
  pooling.gate(pool),
  pooling.gateInputGradient(pool, true),
  ...[unit.unitRows, unit.unitRowsGradient, unit.pairDirections, unit.endsOfPairs].map((of) => of(5, 3)),
  ...[relations.pairDistances, relations.relativeDistanceGradient, softmax.bagGradient].map((of) => of(5, 3)),
  relations.angleSlopes(5),
  batchProduct({ samples: 2, rows: 3, columns: 5, inner: 6, transposeA: false, transposeB: true }),
  softmax.ntXentSlopes(6, 2),
  renderViewsKernel({ sourceHeight: 9, sourceWidth: 7, viewSide: 5 }, "bytes", viewNumbers),
];

/** Names that a kernel reads of its shape, the settings, or an entry of its table, and that these do not have. */
function unknownNames(kernel: Kernel): readonly string[] {
  const known = new Set(Object.keys(uniformsOf(kernel)).map((field) => `shape.${field}`));
  for (const { type, single } of kernel.bindings) {
    if (typeof type === "string") continue;
    for (const field of Object.keys(type.fields))
      known.add(`${single === true ? "settings" : "entry"}.${field}`);
  }
  return [...shaderOf(kernel).matchAll(/\b(?:shape|settings|entry)\.\w+/g)]
    .map(([name]) => name)
    .filter((name) => !known.has(name));
}

test.each(kernels.map((kernel) => [kernel.label, kernel] as const))("%s reads what there is", (_, kernel) => {
  expect(unknownNames(kernel)).toEqual([]);
});

test("a name that does not exist is found", () => {
  const sgd = elementwise.sgd(8, optimiser);
  const broken = { ...sgd, body: `${sgd.body} settings.rate; shape.rows; entry.x;` };
  expect(unknownNames(broken)).toEqual(["settings.rate", "shape.rows", "entry.x"]);
});

test("a struct is written in the order and the types in which it is declared", () => {
  const struct = new Struct("Pair", { place: "i32", share: "f32" });
  expect(struct.declaration).toBe("struct Pair { place: i32, share: f32, }");
  const packed = struct.pack([
    { share: 0.5, place: 7 },
    { place: -1, share: 2 },
  ]);
  expect([...new Int32Array(packed.buffer)].filter((_, i) => i % 2 === 0)).toEqual([7, -1]);
  expect([...new Float32Array(packed.buffer)].filter((_, i) => i % 2 === 1)).toEqual([0.5, 2]);
});
