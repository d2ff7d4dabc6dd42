import type { NamedShape } from "../contract/tensorFact.ts";

/**
 * Which network a state dict belongs to, told from the names and shapes of its tensors (torchvision's names, as
 * `recogniseLayout` gives them). Recognising is not accepting: whoever builds the network still compares every
 * tensor with what it needs.
 */

type HeadShape =
  | { readonly kind: "none" }
  /** One Linear: `fc`. */
  | { readonly kind: "linear"; readonly outDim: number }
  /** Linear (`fc.0`), BatchNorm (`fc.1`) if any, ReLU, Linear (`fc.2`, or `fc.3` after a BatchNorm). */
  | {
      readonly kind: "mlp";
      readonly hiddenWidth: number;
      readonly outDim: number;
      readonly batchNorm: boolean;
    }
  /** Something else under `fc` or `classifier`; `title` says what. */
  | { readonly kind: "other" };

interface ArchitectureBase {
  /** "ResNet-18, 3×3 stem, width 16". */
  readonly title: string;
  /** Width of the pooled features. */
  readonly featureDim: number;
  readonly head: HeadShape;
  /** "MLP 512 → 2048 → 128", "linear 512 → 1000", "none: pooled features". */
  readonly headTitle: string;
  /** Numbers that training would change, head included. */
  readonly parameters: number;
}

type ResNetName = "resnet18" | "resnet34" | "resnet50" | "resnet101" | "resnet152";

interface ResNetArchitecture extends ArchitectureBase {
  readonly family: "resnet";
  /** Null when the depths are nobody's in particular. */
  readonly name: ResNetName | null;
  readonly block: "basic" | "bottleneck";
  /** Blocks of each stage. */
  readonly blocks: readonly number[];
  /** Channels of the stem. */
  readonly width: number;
  /** Output channels of each stage. */
  readonly stageChannels: readonly number[];
  /** Channels of each stage's 3×3 convolutions; the stage's own for basic blocks. */
  readonly stageInnerChannels: readonly number[];
  readonly stem: "cifar" | "imagenet";
}

interface MobileArchitecture extends ArchitectureBase {
  readonly family: "mobilenetV3" | "efficientNet";
  readonly name: "mobilenetV3Small" | "mobilenetV3Large" | "efficientnetB0" | "efficientnetB1";
  /** Channels of the first convolution over the published ones (16 or 32). */
  readonly widthFactor: number;
  readonly stemStride: StemStride;
}

interface ResNet9Architecture extends ArchitectureBase {
  readonly family: "resnet9";
  readonly name: "resnet9";
  /** Channels of the first convolution; 64 as published. */
  readonly width: number;
  readonly stemStride: StemStride;
}

export type Architecture = ResNetArchitecture | MobileArchitecture | ResNet9Architecture;

/** Of the first convolution. */
type StemStride = 1 | 2;

/** What a file says of its network that shapes do not tell, or not alone; as published where it says nothing. */
export interface ToldArchitecture {
  readonly stemStride?: StemStride;
  /** Channels over the published ones, before they were rounded. */
  readonly widthFactor?: number;
}

const resNetDepths: readonly {
  readonly name: ResNetName;
  readonly title: string;
  readonly block: "basic" | "bottleneck";
  readonly blocks: string;
}[] = [
  { name: "resnet18", title: "ResNet-18", block: "basic", blocks: "2,2,2,2" },
  { name: "resnet34", title: "ResNet-34", block: "basic", blocks: "3,4,6,3" },
  { name: "resnet50", title: "ResNet-50", block: "bottleneck", blocks: "3,4,6,3" },
  { name: "resnet101", title: "ResNet-101", block: "bottleneck", blocks: "3,4,23,3" },
  { name: "resnet152", title: "ResNet-152", block: "bottleneck", blocks: "3,8,36,3" },
];

/** @returns null when it is no architecture that is known here. */
export function recogniseArchitecture(
  tensors: Iterable<NamedShape>,
  told: ToldArchitecture = {},
): Architecture | null {
  const shapes = new Map<string, readonly number[]>();
  for (const { name, shape } of tensors) shapes.set(name, shape);
  return (
    recogniseResNet(shapes) ??
    recogniseResNet9(shapes, told) ??
    recogniseMobileNet(shapes, told) ??
    recogniseEfficientNet(shapes, told)
  );
}

type Shapes = ReadonlyMap<string, readonly number[]>;

function recogniseResNet(shapes: Shapes): ResNetArchitecture | null {
  const stem = shapes.get("conv1.weight");
  if (stem?.length !== 4 || !shapes.has("layer1.0.conv1.weight")) return null;
  const [width, inChannels, kernel] = stem as [number, number, number, number];
  if (inChannels !== 3 || (kernel !== 7 && kernel !== 3)) return null;
  const block = shapes.has("layer1.0.conv3.weight") ? "bottleneck" : "basic";
  const blocks: number[] = [];
  const stageChannels: number[] = [];
  const stageInnerChannels: number[] = [];
  for (let stage = 1; ; stage++) {
    let count = 0;
    while (shapes.has(`layer${stage}.${count}.conv1.weight`)) count++;
    if (count === 0) break;
    const out = shapes.get(`layer${stage}.0.conv${block === "basic" ? 2 : 3}.weight`)?.[0];
    const inner = shapes.get(`layer${stage}.0.conv2.weight`)?.[0];
    if (out === undefined || inner === undefined) return null;
    blocks.push(count);
    stageChannels.push(out);
    stageInnerChannels.push(inner);
  }
  const featureDim = stageChannels[stageChannels.length - 1] as number;
  const depth = resNetDepths.find((known) => known.block === block && known.blocks === blocks.join(","));
  const stemKind = kernel === 7 ? "imagenet" : "cifar";
  const stemTitle = kernel === 7 ? "7×7 stem" : "3×3 stem";
  // torchvision's wide_resnet has a bottleneck twice as wide inside, the stem and the outputs as usual.
  const innerTitle = stageInnerChannels[0] === width ? "" : `, ${stageInnerChannels[0]} channels inside`;
  const name = depth?.title ?? `ResNet of ${blocks.join("+")} ${block} blocks`;
  return {
    family: "resnet",
    name: depth?.name ?? null,
    title: `${name}, ${stemTitle}, width ${width}${innerTitle}`,
    block,
    blocks,
    width,
    stageChannels,
    stageInnerChannels,
    stem: stemKind,
    featureDim,
    ...headOf(shapes, featureDim),
    parameters: countParameters(shapes),
  };
}

function recogniseResNet9(shapes: Shapes, { stemStride = 1 }: ToldArchitecture): ResNet9Architecture | null {
  const width = shapes.get("prep.conv.weight")?.[0];
  const featureDim = shapes.get("layer3.residual.res2.conv.weight")?.[0];
  if (width === undefined || featureDim === undefined) return null;
  return {
    family: "resnet9",
    name: "resnet9",
    title: `ResNet-9${stemStride === 1 ? "" : ", stride-2 stem"}, width ${width}`,
    width,
    stemStride,
    featureDim,
    ...headOf(shapes, featureDim),
    parameters: countParameters(shapes),
  };
}

function recogniseMobileNet(shapes: Shapes, told: ToldArchitecture): MobileArchitecture | null {
  const stemWidth = shapes.get("features.0.0.weight")?.[0];
  // Blocks stand directly in features; EfficientNet's stand in stages.
  if (stemWidth === undefined || !shapes.has("features.1.block.0.0.weight")) return null;
  let blocks = 0;
  while (shapes.has(`features.${blocks + 1}.block.0.0.weight`)) blocks++;
  const featureDim = shapes.get(`features.${blocks + 1}.0.weight`)?.[0];
  const name = blocks === 11 ? "mobilenetV3Small" : blocks === 15 ? "mobilenetV3Large" : null;
  if (name === null || featureDim === undefined) return null;
  const title = name === "mobilenetV3Small" ? "MobileNetV3-Small" : "MobileNetV3-Large";
  return mobile("mobilenetV3", name, title, { widthFactor: stemWidth / 16, ...told }, featureDim, shapes);
}

function recogniseEfficientNet(shapes: Shapes, told: ToldArchitecture): MobileArchitecture | null {
  const stemWidth = shapes.get("features.0.0.weight")?.[0];
  const featureDim = shapes.get("features.8.0.weight")?.[0];
  if (stemWidth === undefined || featureDim === undefined) return null;
  const blocks = [1, 2, 3, 4, 5, 6, 7].map((stage) => {
    let count = 0;
    while (shapes.has(`features.${stage}.${count}.block.0.0.weight`)) count++;
    return count;
  });
  const depths = blocks.join(",");
  const form = { widthFactor: stemWidth / 32, ...told };
  if (depths === "1,2,2,3,3,4,1")
    return mobile("efficientNet", "efficientnetB0", "EfficientNet-B0", form, featureDim, shapes);
  if (depths === "2,3,3,4,4,5,2")
    return mobile("efficientNet", "efficientnetB1", "EfficientNet-B1", form, featureDim, shapes);
  return null;
}

function mobile(
  family: MobileArchitecture["family"],
  name: MobileArchitecture["name"],
  title: string,
  { widthFactor, stemStride = 2 }: ToldArchitecture & { readonly widthFactor: number },
  featureDim: number,
  shapes: Shapes,
): MobileArchitecture {
  const parts = [
    title,
    ...(stemStride === 2 ? [] : ["stride-1 stem"]),
    ...(widthFactor === 1 ? [] : [`${widthFactor}× as wide`]),
  ];
  return {
    family,
    name,
    title: parts.join(", "),
    widthFactor,
    stemStride,
    featureDim,
    ...headOf(shapes, featureDim),
    parameters: countParameters(shapes),
  };
}

function headOf(shapes: Shapes, featureDim: number): Pick<ArchitectureBase, "head" | "headTitle"> {
  const linear = shapes.get("fc.weight")?.[0];
  if (linear !== undefined)
    return { head: { kind: "linear", outDim: linear }, headTitle: `linear ${featureDim} → ${linear}` };
  const hiddenWidth = shapes.get("fc.0.weight")?.[0];
  const batchNorm = shapes.get("fc.1.running_mean")?.length === 1;
  const outDim = shapes.get(`fc.${batchNorm ? 3 : 2}.weight`)?.[0];
  const layers = [...shapes].filter(([name]) => /^(fc|classifier)\b.*\.weight$/.test(name));
  const linears = layers.filter(([, shape]) => shape.length === 2);
  if (hiddenWidth !== undefined && outDim !== undefined && linears.length === 2) {
    const headTitle = `MLP ${featureDim} → ${hiddenWidth}${batchNorm ? " (BatchNorm)" : ""} → ${outDim}`;
    return { head: { kind: "mlp", hiddenWidth, outDim, batchNorm }, headTitle };
  }
  const widths = linears.map(([, shape]) => shape[0]);
  if (layers.length === 0) return { head: { kind: "none" }, headTitle: "none: pooled features" };
  return { head: { kind: "other" }, headTitle: `classifier ${[featureDim, ...widths].join(" → ")}` };
}

/** BatchNorm's running statistics are not parameters. */
function countParameters(shapes: Shapes): number {
  let count = 0;
  for (const [name, shape] of shapes)
    if (!/\.(running_mean|running_var|num_batches_tracked)$/.test(name))
      count += shape.reduce((product, length) => product * length, 1);
  return count;
}
