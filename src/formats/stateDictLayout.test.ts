import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { goldenFolders } from "../../tools/goldenFixtures.ts";
import { recogniseLayout } from "./stateDictLayout.ts";
import { elementCount, rowMajorStrides, StoredTensor } from "./storedTensor.ts";

function fileOf(entries: Iterable<readonly [string, readonly number[]]>): Map<string, StoredTensor> {
  return new Map(
    [...entries].map(([name, shape]) => {
      const storage = new Uint8Array(elementCount(shape));
      const strides = rowMajorStrides(shape);
      return [
        name,
        new StoredTensor({ name, dtype: "uint8", shape, storage, offset: 0, strides, bigEndian: false }),
      ];
    }),
  );
}
const named = (...names: string[]): Map<string, StoredTensor> => fileOf(names.map((name) => [name, [1]]));
const backbone = ["conv1.weight", "bn1.weight", "layer1.0.conv1.weight"];
const mlp = ["fc.0.weight", "fc.0.bias", "fc.2.weight", "fc.2.bias"];
const prefixed = (prefix: string, names: readonly string[]): string[] => names.map((name) => prefix + name);

describe("recogniseLayout", () => {
  it("leaves a plain state dict as it is", () => {
    const layout = recogniseLayout(named(...backbone, ...mlp));
    expect(layout).toMatchObject({
      layout: "plain",
      title: "state dict",
      wrappers: [],
      ignored: [],
      notes: [],
    });
    expect([...layout.tensors.keys()]).toEqual([...backbone, ...mlp]);
  });

  it.each([
    ["module.", ["module"]],
    ["state_dict.", ["state_dict"]],
    ["state_dict.module.", ["state_dict", "module"]],
    ["model.backbone.", ["model", "backbone"]],
    ["state_dict.model._orig_mod.encoder.", ["state_dict", "model", "_orig_mod", "encoder"]],
  ])("takes off %s", (prefix, wrappers) => {
    const layout = recogniseLayout(named(...prefixed(prefix, backbone), "epoch_tensor"));
    expect(layout.wrappers).toEqual(wrappers);
    expect([...layout.tensors.keys()]).toEqual(backbone);
    expect(layout.names.get(`${prefix}conv1.weight`)).toBe("conv1.weight");
    expect(layout.ignored.map(({ name }) => name)).toEqual(["epoch_tensor"]);
  });

  const numbered = [
    "0.weight",
    "1.running_mean",
    "4.0.conv1.weight",
    "4.0.shortcut.0.weight",
    "7.0.conv1.weight",
  ];
  const numberedAs = [
    "conv1.weight",
    "bn1.running_mean",
    "layer1.0.conv1.weight",
    "layer1.0.downsample.0.weight",
    "layer4.0.conv1.weight",
  ];
  const stage = "encoder.stages.0.layers.0.";
  it.each<[string, string, readonly string[], readonly string[]]>([
    ["weights of any container", "checkpoint.weights.", backbone, backbone],
    ["an averaged copy", "state_dict_ema.", backbone, backbone],
    ["BYOL's online encoder", "online_encoder.net.", backbone, backbone],
    ["a member of the model", "state_dict.model.resnet.", backbone, backbone],
    ["an encoder in a Sequential", "encoder.0.", backbone, backbone],
    [
      "children in a Sequential",
      "state_dict.backbone.",
      [...numbered, "9.weight"],
      [...numberedAs, "fc.weight"],
    ],
    [
      "a Sequential of one without max pooling",
      "0.",
      ["0.weight", "3.0.conv1.weight", "6.0.conv1.weight", "4.0.conv1.weight", "5.0.conv1.weight"],
      [
        "conv1.weight",
        "layer1.0.conv1.weight",
        "layer4.0.conv1.weight",
        "layer2.0.conv1.weight",
        "layer3.0.conv1.weight",
      ],
    ],
    [
      "Hugging Face's names",
      "resnet.",
      [
        "embedder.embedder.convolution.weight",
        "embedder.embedder.normalization.bias",
        `${stage}layer.0.convolution.weight`,
        `${stage}layer.2.normalization.running_var`,
        `${stage}shortcut.convolution.weight`,
        `${stage}shortcut.normalization.weight`,
      ],
      [
        "conv1.weight",
        "bn1.bias",
        "layer1.0.conv1.weight",
        "layer1.0.bn3.running_var",
        "layer1.0.downsample.0.weight",
        "layer1.0.downsample.1.weight",
      ],
    ],
    [
      "the CIFAR names of shortcuts and classifiers",
      "net.",
      [...backbone, "layer2.0.shortcut.0.weight", "linear.weight"],
      [...backbone, "layer2.0.downsample.0.weight", "fc.weight"],
    ],
  ])("finds a network under %s", (_, prefix, names, as) => {
    const layout = recogniseLayout(named(...prefixed(prefix, names), "epoch"));
    expect([...layout.tensors.keys()]).toEqual(as);
    expect(layout.wrappers.join(".")).toBe(prefix.slice(0, -1));
    expect(layout.ignored.map(({ name }) => name)).toEqual(["epoch"]);
  });

  it.each([
    ["teacher_backbone.", "student_backbone."],
    ["teacher.", "student."],
    ["model_ema.module.", "model."],
    ["state_dict_ema.", "state_dict."],
    ["backbone.", "backbone_momentum."],
    ["online_encoder.net.", "target_encoder.net."],
    ["model.", "model.auxiliary.net."],
  ])("takes %s rather than %s, and says so", (taken, left) => {
    for (const order of [
      [taken, left],
      [left, taken],
    ]) {
      const layout = recogniseLayout(named(...order.flatMap((prefix) => prefixed(prefix, backbone))));
      expect(`${layout.wrappers.join(".")}.`).toBe(taken);
      expect(layout.tensors.size).toBe(backbone.length);
      expect(layout.notes[0]).toContain("2 networks are inside");
    }
  });

  it("leaves heads beside the layers, and nothing that belongs to them", () => {
    const layout = recogniseLayout(
      named(
        ...backbone,
        "head.weight",
        "projector.0.weight",
        "attnpool.q_proj.weight",
        "layer1.0.se.fc.weight",
      ),
    );
    expect(layout.ignored.map(({ name }) => name)).toEqual(["head.weight", "projector.0.weight"]);
  });

  it("does not lose itself in a name of fifty thousand containers, nor in thousands of networks", () => {
    const started = performance.now();
    const deep = `${"module.".repeat(50_000)}conv1.weight`;
    expect(recogniseLayout(named(deep)).wrappers).toEqual([]);
    const crowd = Array.from({ length: 10_000 }, (_, i) => prefixed(`m${i}.`, backbone)).flat();
    const layout = recogniseLayout(named(...crowd));
    expect(layout.notes[0]).toMatch(/10000 networks.* and 9994 more/);
    expect(performance.now() - started).toBeLessThan(3000);
  });

  it("takes MoCo's query encoder with its head and says what it leaves", () => {
    const layout = recogniseLayout(
      named(
        ...prefixed("state_dict.module.encoder_q.", [...backbone, ...mlp]),
        ...prefixed("state_dict.module.encoder_k.", backbone),
        "state_dict.module.queue",
        "state_dict.module.queue_ptr",
        "optimizer.state.0.momentum_buffer",
      ),
    );
    expect(layout.layout).toBe("moco");
    expect(layout.title).toContain("state_dict → module → encoder_q");
    expect([...layout.tensors.keys()]).toEqual([...backbone, ...mlp]);
    const reasons = new Map(layout.ignored.map(({ name, reason }) => [name, reason]));
    expect(reasons.get("state_dict.module.encoder_k.conv1.weight")).toMatch(/momentum encoder/);
    expect(reasons.get("state_dict.module.queue")).toMatch(/queue/);
    expect(reasons.get("optimizer.state.0.momentum_buffer")).toMatch(/optimiser/);
    expect(layout.ignored.length).toBe(6);
  });

  it("puts SwAV's projection head under fc and leaves its prototypes", () => {
    const head = ["projection_head.0.weight", "projection_head.1.running_mean", "projection_head.3.weight"];
    const layout = recogniseLayout(
      named(...prefixed("module.", [...backbone, ...head, "prototypes.weight"])),
    );
    expect(layout.layout).toBe("swav");
    expect([...layout.tensors.keys()]).toEqual([
      ...backbone,
      "fc.0.weight",
      "fc.1.running_mean",
      "fc.3.weight",
    ]);
    expect(layout.ignored).toEqual([
      { name: "module.prototypes.weight", reason: expect.stringContaining("prototypes") as string },
    ]);
  });

  it("keeps a head that stands beside a projection head, and says so", () => {
    const layout = recogniseLayout(
      named(...backbone, "fc.0.weight", "projection_head.0.weight", "projection_head.2.weight"),
    );
    expect([...layout.tensors.keys()]).toEqual([...backbone, "fc.0.weight", "fc.2.weight"]);
    expect(layout.ignored).toEqual([{ name: "projection_head.0.weight", reason: "a second head beside fc" }]);
  });

  it("takes the backbone of DINO's teacher", () => {
    const layout = recogniseLayout(
      named(
        ...prefixed("student.module.backbone.", backbone),
        ...prefixed("teacher.backbone.", backbone),
        "teacher.head.mlp.0.weight",
        "teacher.head.last_layer.weight_g",
        "dino_loss.center",
      ),
    );
    expect(layout.layout).toBe("dino");
    expect(layout.wrappers).toEqual(["teacher", "backbone"]);
    expect([...layout.tensors.keys()]).toEqual(backbone);
    expect(
      layout.ignored.map(({ reason }) => reason).filter((reason) => reason.includes("DINO's head")).length,
    ).toBe(2);
    expect(layout.ignored.find(({ name }) => name === "dino_loss.center")!.reason).toMatch(/loss/);
  });

  it("says when the last layer looks like a classifier", () => {
    const layout = recogniseLayout(
      fileOf([
        ["conv1.weight", [1]],
        ["fc.weight", [1000, 2]],
        ["fc.bias", [1000]],
      ]),
    );
    expect(layout.notes.join()).toMatch(/1000 outputs/);
  });

  it("drops nothing in silence and depends on names alone, whatever they are", () => {
    const part = fc.constantFrom(
      "state_dict",
      "module",
      "encoder_q",
      "encoder_k",
      "queue",
      "teacher",
      "student",
      "backbone",
      "head",
      "conv1",
      "fc",
      "0",
      "weight",
      "__proto__",
      "projection_head",
      "prototypes",
      "optimizer",
      "conv_stem",
      "blocks",
      "bn1",
    );
    const names = fc.uniqueArray(
      fc.array(part, { minLength: 1, maxLength: 6 }).map((parts) => parts.join(".")),
      { maxLength: 20 },
    );
    fc.assert(
      fc.property(names, (list) => {
        const file = named(...list);
        const layout = recogniseLayout(file);
        const accounted = [...layout.names.keys(), ...layout.ignored.map(({ name }) => name)];
        expect(accounted.sort()).toEqual([...list].sort());
        expect(new Set(layout.names.values()).size).toBe(layout.tensors.size);
        expect(recogniseLayout(file)).toEqual(layout);
      }),
      { numRuns: 500 },
    );
  });
});

/** timm's names of a network, told by its stages: "ds" depthwise-separable, "ir" inverted residual, "cn" plain. */
function timmNames(stages: readonly (readonly string[])[], mobileNet: boolean): string[] {
  const norm = (name: string): string[] =>
    ["weight", "bias", "running_mean", "running_var", "num_batches_tracked"].map((leaf) => `${name}.${leaf}`);
  const se = (name: string): string[] =>
    ["reduce", "expand"].flatMap((part) => [
      `${name}.se.conv_${part}.weight`,
      `${name}.se.conv_${part}.bias`,
    ]);
  const names = ["conv_stem.weight", ...norm("bn1")];
  stages.forEach((stage, s) =>
    stage.forEach((kind, b) => {
      const block = `blocks.${s}.${b}`;
      const excite = kind.endsWith("+se") ? se(block) : [];
      if (kind.startsWith("cn")) names.push(`${block}.conv.weight`, ...norm(`${block}.bn1`));
      else if (kind.startsWith("ds"))
        names.push(
          `${block}.conv_dw.weight`,
          ...norm(`${block}.bn1`),
          ...excite,
          `${block}.conv_pw.weight`,
          ...norm(`${block}.bn2`),
        );
      else
        names.push(
          `${block}.conv_pw.weight`,
          ...norm(`${block}.bn1`),
          `${block}.conv_dw.weight`,
          ...norm(`${block}.bn2`),
          ...excite,
          `${block}.conv_pwl.weight`,
          ...norm(`${block}.bn3`),
        );
    }),
  );
  names.push(
    "conv_head.weight",
    ...(mobileNet ? ["conv_head.bias"] : norm("bn2")),
    "classifier.weight",
    "classifier.bias",
  );
  return names;
}

const timmNetworks = {
  mobilenet_v3_small: timmNames(
    [
      ["ds+se"],
      ["ir", "ir"],
      ["ir+se", "ir+se", "ir+se"],
      ["ir+se", "ir+se"],
      ["ir+se", "ir+se", "ir+se"],
      ["cn"],
    ],
    true,
  ),
  mobilenet_v3_large: timmNames(
    [
      ["ds"],
      ["ir", "ir"],
      ["ir+se", "ir+se", "ir+se"],
      ["ir", "ir", "ir", "ir"],
      ["ir+se", "ir+se"],
      ["ir+se", "ir+se", "ir+se"],
      ["cn"],
    ],
    true,
  ),
  efficientnet_b0: timmNames(
    [["ds+se"], ...[2, 2, 3, 3, 4, 1].map((count) => Array.from({ length: count }, () => "ir+se"))],
    false,
  ),
};

describe("timm's names", () => {
  it("become torchvision's, squeeze-excite and last convolution included", () => {
    const entries = timmNetworks.mobilenet_v3_large.map((name): [string, number[]] => [
      name,
      name === "conv_head.weight" ? [4, 2, 1, 1] : [1],
    ]);
    const layout = recogniseLayout(fileOf(entries));
    expect(layout.title).toBe("state dict with timm's names");
    expect(layout.names.get("blocks.2.0.se.conv_reduce.weight")).toBe("features.4.block.2.fc1.weight");
    expect(layout.names.get("blocks.5.2.bn3.running_var")).toBe("features.15.block.3.1.running_var");
    expect(layout.names.get("blocks.6.0.conv.weight")).toBe("features.16.0.weight");
    expect(layout.tensors.get("classifier.0.weight")!.shape).toEqual([4, 2]);
    expect(layout.notes.join()).toMatch(/timm/);
  });

  it("stay as they are when one of them is not understood", () => {
    const layout = recogniseLayout(named("conv_stem.weight", "surprise.weight"));
    expect([...layout.tensors.keys()]).toEqual(["conv_stem.weight", "surprise.weight"]);
  });

  describe.each(goldenFolders("1_models").map(({ name, folder }) => [name, folder] as const))(
    "compared with %s",
    (_name, folder) => {
      it.each(Object.entries(timmNetworks))("of %s become exactly torchvision's", (name, names) => {
        const { state_dict } = JSON.parse(readFileSync(join(folder, `${name}.json`), "utf8")) as {
          state_dict: { rows: [number, string, string, number[]][] };
        };
        const wanted = state_dict.rows.map(([, row]) => row).filter((row) => !row.startsWith("classifier"));
        const found = [...recogniseLayout(named(...names)).tensors.keys()].filter(
          (row) => !row.startsWith("classifier"),
        );
        expect(found.sort()).toEqual(wanted.sort());
      });
    },
  );
});
