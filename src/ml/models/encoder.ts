import { buildEfficientNet } from "./efficientNet.ts";
import { buildMobileNetV3 } from "./mobilenetV3.ts";
import { NetworkBuilder, type LayerIndex, type Network } from "./network.ts";
import { buildResNet9 } from "./resnet9.ts";
import { buildResNet, resNetShape, type ResNetName, type ResNetShape, type Stem } from "./resnet.ts";

/** What follows the pooled features. `hidden` 0 is a single Linear; names are `fc`, or `fc.0` and `fc.2`. */
export interface HeadShape {
  readonly hidden: number;
  readonly out: number;
  /** BatchNorm after the hidden layer, as in SwAV's head (names `fc.0`, `fc.1`, `fc.3`). */
  readonly batchNorm?: boolean;
}

/** SimReg's prediction head: Linear–BatchNorm–ReLU, Linear, Linear–BatchNorm–ReLU, Linear; d→2d→d→2d→out. */
interface SimRegHeadShape {
  readonly kind: "simReg";
  readonly out: number;
}

export type Head = HeadShape | SimRegHeadShape;

/** Names as in one Sequential `fc`: 0, 1, (2), 3, 4, 5, (6), 7. */
function buildSimRegHead(
  builder: NetworkBuilder,
  features: LayerIndex,
  dim: number,
  out: number,
): LayerIndex {
  const wide = 2 * dim;
  let x = builder.batchNorm("fc.1", builder.linear("fc.0", features, dim, wide), wide);
  x = builder.linear("fc.3", builder.activation(x, "relu"), wide, dim);
  x = builder.batchNorm("fc.5", builder.linear("fc.4", x, dim, wide), wide);
  return builder.linear("fc.7", builder.activation(x, "relu"), wide, out);
}

/** Linear(d→H)–ReLU–Linear(H→out): MoCo-v2's and DisCo's projection head; with BatchNorm SwAV's. */
export function buildHead(
  builder: NetworkBuilder,
  features: LayerIndex,
  featureDim: number,
  head: HeadShape,
): LayerIndex {
  if (head.hidden === 0) return builder.linear("fc", features, featureDim, head.out);
  const linear = builder.linear("fc.0", features, featureDim, head.hidden);
  const hidden = builder.activation(
    head.batchNorm ? builder.batchNorm("fc.1", linear, head.hidden) : linear,
    "relu",
  );
  return builder.linear(head.batchNorm ? "fc.3" : "fc.2", hidden, head.hidden, head.out);
}

/** Lays a backbone's layers, the input first, and says where its pooled features are. */
export type BuildBackbone = (builder: NetworkBuilder) => { features: LayerIndex; featureDim: number };

/** A backbone with a projection head on its pooled features, or (head null) the bare backbone. */
export function encoder(title: string, build: BuildBackbone, head: Head | null): Network {
  const builder = new NetworkBuilder();
  const { features, featureDim } = build(builder);
  let embedding = features;
  if (head !== null) {
    embedding =
      "kind" in head
        ? buildSimRegHead(builder, features, featureDim, head.out)
        : buildHead(builder, features, featureDim, head);
  }
  return {
    title,
    layers: builder.layers,
    features,
    featureDim,
    embedding,
    embeddingDim: head === null ? featureDim : head.out,
    taps: builder.taps,
  };
}

export function resNet(shape: ResNetShape, head: Head | null): Network {
  return encoder(shape.title, (builder) => buildResNet(builder, shape), head);
}

export type BackboneName =
  ResNetName | "resnet9" | "mobilenetV3Small" | "mobilenetV3Large" | "efficientnetB0" | "efficientnetB1";

/** The width that means "as published" for every architecture: a ResNet's first stage has that many channels. */
const publishedWidth = 64;

/**
 * A named architecture, every channel count scaled by width/64.
 *
 * @param stem "imagenet" as published; "cifar" does not shrink the image in its first layers.
 */
export function namedEncoder(name: BackboneName, stem: Stem, width: number, head: Head | null): Network {
  const factor = width / publishedWidth;
  const stride = stem === "cifar" ? 1 : 2;
  const suffix = `${stride === 1 ? "stride-1 stem" : "stride-2 stem"}, ${factor}× as wide`;
  switch (name) {
    case "mobilenetV3Small":
    case "mobilenetV3Large": {
      const title = `MobileNetV3-${name === "mobilenetV3Small" ? "Small" : "Large"}, ${suffix}`;
      return encoder(title, (builder) => buildMobileNetV3(builder, name, factor, stride), head);
    }
    case "efficientnetB0":
    case "efficientnetB1": {
      const title = `EfficientNet-${name === "efficientnetB0" ? "B0" : "B1"}, ${suffix}`;
      return encoder(title, (builder) => buildEfficientNet(builder, name, factor, stride), head);
    }
    case "resnet9": {
      const title = `ResNet-9${stride === 1 ? "" : ", stride-2 stem"}, width ${width}`;
      return encoder(title, (builder) => buildResNet9(builder, width, stride), head);
    }
    default:
      return resNet(resNetShape(name, stem, width), head);
  }
}
