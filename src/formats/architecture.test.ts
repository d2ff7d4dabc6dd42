import { describe, expect, it } from "vitest";
import { byName, goldenFixtures } from "../../tools/goldenFixtures.ts";
import type { NamedShape } from "../contract/tensorFact.ts";
import { recogniseArchitecture } from "./architecture.ts";

/** The convolutions and the head of a ResNet, as torchvision shapes them. */
function resNet(options: {
  width: number;
  kernel: number;
  blocks: readonly number[];
  bottleneck: boolean;
  inner?: number;
  head?: readonly NamedShape[];
}): NamedShape[] {
  const { width, kernel, blocks, bottleneck, inner = 1, head = [] } = options;
  const tensors: NamedShape[] = [{ name: "conv1.weight", shape: [width, 3, kernel, kernel] }];
  let channels = width;
  blocks.forEach((count, stage) => {
    const planes = width * 2 ** stage;
    const out = bottleneck ? planes * 4 : planes;
    for (let b = 0; b < count; b++) {
      const name = `layer${stage + 1}.${b}`;
      const mid = planes * inner;
      if (bottleneck)
        tensors.push(
          { name: `${name}.conv1.weight`, shape: [mid, channels, 1, 1] },
          { name: `${name}.conv2.weight`, shape: [mid, mid, 3, 3] },
          { name: `${name}.conv3.weight`, shape: [out, mid, 1, 1] },
        );
      else
        tensors.push(
          { name: `${name}.conv1.weight`, shape: [planes, channels, 3, 3] },
          { name: `${name}.conv2.weight`, shape: [planes, planes, 3, 3] },
        );
      channels = out;
    }
  });
  return [...tensors, ...head];
}
const mlp = (hidden: number, out: number, features: number): NamedShape[] => [
  { name: "fc.0.weight", shape: [hidden, features] },
  { name: "fc.2.weight", shape: [out, hidden] },
];

describe("recogniseArchitecture", () => {
  it.each([
    ["resnet18", [2, 2, 2, 2], false],
    ["resnet34", [3, 4, 6, 3], false],
    ["resnet50", [3, 4, 6, 3], true],
    ["resnet101", [3, 4, 23, 3], true],
    ["resnet152", [3, 8, 36, 3], true],
  ] as const)("knows %s by its depths", (name, blocks, bottleneck) => {
    const found = recogniseArchitecture(resNet({ width: 64, kernel: 7, blocks, bottleneck }));
    expect(found).toMatchObject({
      family: "resnet",
      name,
      stem: "imagenet",
      width: 64,
      featureDim: bottleneck ? 2048 : 512,
    });
    expect(found!.head).toEqual({ kind: "none" });
  });

  it("tells stem, width and head", () => {
    const found = recogniseArchitecture(
      resNet({ width: 12, kernel: 3, blocks: [2, 2, 2, 2], bottleneck: false, head: mlp(40, 24, 96) }),
    );
    expect(found).toMatchObject({
      title: "ResNet-18, 3×3 stem, width 12",
      stem: "cifar",
      featureDim: 96,
      head: { kind: "mlp", hiddenWidth: 40, outDim: 24, batchNorm: false },
      headTitle: "MLP 96 → 40 → 24",
    });
  });

  it("tells SwAV's doubled ResNet-50 from torchvision's wide one", () => {
    const swav = recogniseArchitecture(
      resNet({ width: 128, kernel: 7, blocks: [3, 4, 6, 3], bottleneck: true }),
    );
    expect(swav).toMatchObject({
      name: "resnet50",
      width: 128,
      featureDim: 4096,
      title: "ResNet-50, 7×7 stem, width 128",
    });
    const wide = recogniseArchitecture(
      resNet({ width: 64, kernel: 7, blocks: [3, 4, 6, 3], bottleneck: true, inner: 2 }),
    );
    expect(wide).toMatchObject({ width: 64, featureDim: 2048, stageInnerChannels: [128, 256, 512, 1024] });
    expect(wide!.title).toContain("128 channels inside");
  });

  it("tells linear heads, heads with BatchNorm, and heads it does not know", () => {
    const heads: [NamedShape[], object, string][] = [
      [[{ name: "fc.weight", shape: [128, 512] }], { kind: "linear", outDim: 128 }, "linear 512 → 128"],
      [
        [
          { name: "fc.0.weight", shape: [2048, 512] },
          { name: "fc.1.running_mean", shape: [2048] },
          { name: "fc.3.weight", shape: [128, 2048] },
        ],
        { kind: "mlp", hiddenWidth: 2048, outDim: 128, batchNorm: true },
        "MLP 512 → 2048 (BatchNorm) → 128",
      ],
      [
        [...mlp(64, 32, 512), { name: "fc.4.weight", shape: [8, 32] }],
        { kind: "other" },
        "classifier 512 → 64 → 32 → 8",
      ],
    ];
    for (const [head, expected, title] of heads) {
      const found = recogniseArchitecture(
        resNet({ width: 64, kernel: 7, blocks: [2, 2, 2, 2], bottleneck: false, head }),
      );
      expect([found!.head, found!.headTitle]).toEqual([expected, title]);
    }
  });

  it("does not guess", () => {
    expect(recogniseArchitecture([])).toBeNull();
    expect(recogniseArchitecture([{ name: "conv1.weight", shape: [8, 3, 3, 3] }])).toBeNull();
    expect(recogniseArchitecture([{ name: "patch_embed.proj.weight", shape: [192, 3, 16, 16] }])).toBeNull();
    const odd = recogniseArchitecture(resNet({ width: 5, kernel: 3, blocks: [1, 1], bottleneck: false }));
    expect(odd).toMatchObject({
      name: null,
      title: "ResNet of 1+1 basic blocks, 3×3 stem, width 5",
      featureDim: 10,
    });
  });

  const expected: Record<string, string> = {
    resnet18: "resnet18",
    resnet18_cifar_stem: "resnet18",
    resnet34: "resnet34",
    resnet50: "resnet50",
    mobilenet_v3_small: "mobilenetV3Small",
    mobilenet_v3_large: "mobilenetV3Large",
    efficientnet_b0: "efficientnetB0",
    efficientnet_b1: "efficientnetB1",
  };
  it.each(byName(goldenFixtures("1_models")))(
    "recognises %s with its parameter count",
    (name, { manifest }) => {
      const table = manifest as unknown as {
        state_dict: { rows: [number, string, string, number[]][] };
        parameter_count: Record<string, number>;
        /** 1 when absent. */
        width_factor?: number;
      };
      const widthFactor = table.width_factor ?? 1;
      const found = recogniseArchitecture(
        table.state_dict.rows.map(([, name, , shape]) => ({ name, shape })),
      );
      expect(found!.name).toBe(expected[name.replace(/^.*[\\/]/, "")]);
      expect(Object.values(table.parameter_count)).toContain(found!.parameters);
      expect(found).toMatchObject(
        found!.family === "resnet"
          ? { stem: name.includes("cifar") ? "cifar" : "imagenet", width: 64 * widthFactor }
          : { widthFactor },
      );
    },
  );
});
