import type { LayerIndex, NetworkBuilder } from "./network.ts";

export type ResNetName = "resnet18" | "resnet34" | "resnet50" | "resnet101" | "resnet152";
export type Stem = "cifar" | "imagenet";

const depths: Record<ResNetName, { blocks: readonly number[]; bottleneck: boolean; title: string }> = {
  resnet18: { blocks: [2, 2, 2, 2], bottleneck: false, title: "ResNet-18" },
  resnet34: { blocks: [3, 4, 6, 3], bottleneck: false, title: "ResNet-34" },
  resnet50: { blocks: [3, 4, 6, 3], bottleneck: true, title: "ResNet-50" },
  resnet101: { blocks: [3, 4, 23, 3], bottleneck: true, title: "ResNet-101" },
  resnet152: { blocks: [3, 8, 36, 3], bottleneck: true, title: "ResNet-152" },
};

/** One residual stage. */
export interface ResNetStage {
  /** Output channels of each block. */
  readonly channels: number;
  /** Channels of the 3×3 convolutions inside: `channels` in a basic block, a quarter of it in a usual bottleneck. */
  readonly inner: number;
  readonly blocks: number;
  /** Of the first block. */
  readonly stride: number;
}

export interface ResNetShape {
  readonly title: string;
  readonly stem: Stem;
  readonly stemWidth: number;
  readonly bottleneck: boolean;
  readonly stages: readonly ResNetStage[];
}

/** torchvision's shape of a named ResNet, every stage scaled by `width`/64 (64 is the published width). */
export function resNetShape(name: ResNetName, stem: Stem, width = 64): ResNetShape {
  const { blocks, bottleneck, title } = depths[name];
  return {
    title: `${title}, ${stem === "cifar" ? "3×3 stem" : "7×7 stem"}, width ${width}`,
    stem,
    stemWidth: width,
    bottleneck,
    stages: blocks.map((count, i) => {
      const inner = width * 2 ** i;
      return { channels: bottleneck ? inner * 4 : inner, inner, blocks: count, stride: i === 0 ? 1 : 2 };
    }),
  };
}

/**
 * The backbone of a ResNet (He et al., arXiv 1512.03385) as torchvision builds it, without its classifier:
 * names, order of modules, stride in the 3×3 of a bottleneck, symmetric padding.
 *
 * The ImageNet stem is 7×7 stride 2 and 3×3 max-pool stride 2; the CIFAR stem is 3×3 stride 1 without pooling.
 */
export function buildResNet(
  builder: NetworkBuilder,
  shape: ResNetShape,
): { features: LayerIndex; featureDim: number } {
  const input = builder.input(3);
  const { stemWidth } = shape;
  let x =
    shape.stem === "cifar"
      ? builder.conv("conv1", input, 3, stemWidth, 3)
      : builder.conv("conv1", input, 3, stemWidth, 7, { stride: 2 });
  x = builder.activation(builder.batchNorm("bn1", x, stemWidth), "relu");
  builder.taps.stem = x;
  if (shape.stem === "imagenet") x = builder.maxPool(x, 3, 2, 1);

  let channels = stemWidth;
  shape.stages.forEach((stage, s) => {
    for (let b = 0; b < stage.blocks; b++) {
      const stride = b === 0 ? stage.stride : 1;
      const name = `layer${s + 1}.${b}`;
      x = shape.bottleneck
        ? bottleneckBlock(builder, name, x, channels, stage, stride)
        : basicBlock(builder, name, x, channels, stage.channels, stride);
      channels = stage.channels;
    }
    builder.taps[`layer${s + 1}`] = x;
  });
  return { features: builder.globalAveragePool(x), featureDim: channels };
}

function basicBlock(
  builder: NetworkBuilder,
  name: string,
  input: LayerIndex,
  inChannels: number,
  width: number,
  stride: number,
): LayerIndex {
  let x = builder.conv(`${name}.conv1`, input, inChannels, width, 3, { stride });
  x = builder.activation(builder.batchNorm(`${name}.bn1`, x, width), "relu");
  x = builder.batchNorm(`${name}.bn2`, builder.conv(`${name}.conv2`, x, width, width, 3), width);
  return builder.activation(
    builder.add(x, shortcut(builder, name, input, inChannels, width, stride)),
    "relu",
  );
}

function bottleneckBlock(
  builder: NetworkBuilder,
  name: string,
  input: LayerIndex,
  inChannels: number,
  { inner: width, channels: out }: ResNetStage,
  stride: number,
): LayerIndex {
  let x = builder.conv(`${name}.conv1`, input, inChannels, width, 1);
  x = builder.activation(builder.batchNorm(`${name}.bn1`, x, width), "relu");
  x = builder.conv(`${name}.conv2`, x, width, width, 3, { stride });
  x = builder.activation(builder.batchNorm(`${name}.bn2`, x, width), "relu");
  x = builder.batchNorm(`${name}.bn3`, builder.conv(`${name}.conv3`, x, width, out, 1), out);
  return builder.activation(builder.add(x, shortcut(builder, name, input, inChannels, out, stride)), "relu");
}

function shortcut(
  builder: NetworkBuilder,
  name: string,
  input: LayerIndex,
  inChannels: number,
  outChannels: number,
  stride: number,
): LayerIndex {
  if (stride === 1 && inChannels === outChannels) return input;
  const x = builder.conv(`${name}.downsample.0`, input, inChannels, outChannels, 1, { stride });
  return builder.batchNorm(`${name}.downsample.1`, x, outChannels);
}
