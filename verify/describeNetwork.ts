import { convUnit, squeezeExcite } from "../src/ml/models/mobileBlocks.ts";
import {
  NetworkBuilder,
  stateDictSpec,
  type ActivationName,
  type Network,
} from "../src/ml/models/network.ts";
import { buildHead } from "../src/ml/models/encoder.ts";
import { buildResNet, type ResNetStage } from "../src/ml/models/resnet.ts";
import { listAt, NotUnderstood, textAt, type Fixture, type Json } from "./fixture.ts";

/**
 * Our description of the small network a 2_gradients fixture speaks of, from the names and shapes of its state
 * dict, checked tensor by tensor against it.
 *
 * @throws NotUnderstood when names, order or shapes do not come out equal.
 */
export function describeNetwork(fixture: Fixture): {
  network: Network;
  /** What stands before every name in the fixture. */
  prefix: string;
  /** Whether rows are divided by their length at the end. */
  normalised: boolean;
} {
  const rows = listAt(fixture.manifest, "state_dict", "rows") as readonly (readonly Json[])[];
  const prefix = rows.every((row) => textAt(row, 1).startsWith("net.")) ? "net." : "";
  const named = rows.map((row) => ({
    name: textAt(row, 1).slice(prefix.length),
    shape: row[3] as readonly number[],
  }));
  const shapes = new Map(named.map(({ name, shape }) => [name, shape]));
  const builder = new NetworkBuilder();
  if (!shapes.has("conv1.weight") && !shapes.has("features.0.0.weight"))
    throw new NotUnderstood(`${fixture.name}: neither a ResNet nor a mobile network`);
  const { features, featureDim } = shapes.has("conv1.weight")
    ? describeResNet(builder, shapes)
    : describeMobile(builder, shapes, fixture);
  const head = describeHead(builder, shapes, features, featureDim);
  const network: Network = {
    title: fixture.name,
    layers: builder.layers,
    features,
    featureDim,
    embedding: head.embedding,
    embeddingDim: head.embeddingDim,
    taps: builder.taps,
  };
  const ours = stateDictSpec(network).map((spec) => `${spec.name} [${spec.shape.join()}]`);
  const theirs = named.map(({ name, shape }) => `${name} [${shape.join()}]`);
  if (ours.join() !== theirs.join()) {
    const first = theirs.find((tensor, i) => tensor !== ours[i]) ?? ours[theirs.length];
    throw new NotUnderstood(`${fixture.name}: our network differs from its state dict at ${first}`);
  }
  return { network, prefix, normalised: textAt(fixture.manifest, "network").includes("||x||") };
}

type Shapes = ReadonlyMap<string, readonly number[]>;

function describeResNet(builder: NetworkBuilder, shapes: Shapes): { features: number; featureDim: number } {
  const [stemWidth = 0, , stemKernel] = shapes.get("conv1.weight") ?? [];
  const stages: ResNetStage[] = [];
  const bottleneck = shapes.has("layer1.0.conv3.weight");
  for (let s = 1; shapes.has(`layer${s}.0.conv1.weight`); s++) {
    const [inner = 0] = shapes.get(`layer${s}.0.conv2.weight`) ?? [];
    const [channels = inner] = shapes.get(`layer${s}.0.conv3.weight`) ?? [];
    let blocks = 1;
    while (shapes.has(`layer${s}.${blocks}.conv1.weight`)) blocks++;
    stages.push({ channels, inner, blocks, stride: s === 1 ? 1 : 2 });
  }
  return buildResNet(builder, {
    title: "",
    stem: stemKernel === 7 ? "imagenet" : "cifar",
    stemWidth,
    bottleneck,
    stages,
  });
}

/**
 * A stem and inverted residuals `features.1`, `features.2`, …: widths, kernels and gates from the shapes, strides and
 * activations from the description, one part for each ("stem 3x3 s2 3->8 hardswish; inverted residual 8->24->8 k5 s1
 * with SE, hardswish and skip; …").
 */
function describeMobile(
  builder: NetworkBuilder,
  shapes: Shapes,
  fixture: Fixture,
): { features: number; featureDim: number } {
  const text = textAt(fixture.manifest, "network");
  const [body = "", ...rules] = text.split(/\. /);
  const parts = body.split("; ");
  const [, eps, momentum] = (listAt(fixture.manifest, "bn_layers", "rows")[0] as readonly Json[])
    .slice(1)
    .map(Number);
  const style = { eps: eps as number, momentum: momentum as number };
  const usual = activationIn(parts[0] ?? "");
  const gateText = /SE: fc1, (\w+), fc2, (\w+)/.exec(rules.join(". "));
  const part = (i: number): { stride: number; activation: ActivationName } => {
    const words = parts[i] ?? "";
    const stride = Number(/\bs(\d)\b/.exec(words)?.[1]);
    const activation = activationIn(words) ?? usual;
    if (!(stride >= 1) || activation === undefined) throw new NotUnderstood(`${fixture.name}: "${words}"`);
    return { stride, activation };
  };
  let [channels = 0, , kernel = 0] = shapes.get("features.0.0.weight") ?? [];
  let x = convUnit(builder, "features.0", builder.input(3), 3, channels, kernel, style, part(0));
  for (let i = 1; shapes.has(`features.${i}.block.0.0.weight`); i++) {
    const { stride, activation } = part(i);
    const input = x;
    const inChannels = channels;
    for (let j = 0; ; j++) {
      const name = `features.${i}.block.${j}`;
      const conv = shapes.get(`${name}.0.weight`);
      const squeeze = shapes.get(`${name}.fc1.weight`);
      if (squeeze !== undefined) {
        const [inner, outer] = [activationIn(gateText?.[1] ?? ""), activationIn(gateText?.[2] ?? "")];
        if (inner === undefined || outer === undefined) throw new NotUnderstood(`${fixture.name}: its gates`);
        x = squeezeExcite(builder, name, x, channels, squeeze[0] as number, inner, outer);
      } else if (conv !== undefined) {
        const isLast =
          !shapes.has(`features.${i}.block.${j + 1}.0.weight`) &&
          !shapes.has(`features.${i}.block.${j + 1}.fc1.weight`);
        const depthwise = conv[1] === 1 && !isLast;
        [, , kernel = 0] = conv;
        x = convUnit(builder, name, x, channels, conv[0] as number, kernel, style, {
          stride: depthwise ? stride : 1,
          depthwise,
          ...(isLast ? {} : { activation }),
        });
        channels = conv[0] as number;
      } else break;
    }
    if (stride === 1 && channels === inChannels) x = builder.add(input, x);
  }
  return { features: builder.globalAveragePool(x), featureDim: channels };
}

function activationIn(words: string): ActivationName | undefined {
  const name = /\b(hardswish|hardsigmoid|relu|silu|sigmoid)\b/i.exec(words)?.[1]?.toLowerCase();
  return name as ActivationName | undefined;
}

/** No head, Linear–ReLU–Linear, or Linear–BatchNorm–ReLU–Linear. */
function describeHead(
  builder: NetworkBuilder,
  shapes: Shapes,
  features: number,
  featureDim: number,
): { embedding: number; embeddingDim: number } {
  const last = shapes.get("fc.3.weight") ?? shapes.get("fc.2.weight");
  const [hidden] = shapes.get("fc.0.weight") ?? [];
  if (last === undefined || hidden === undefined) return { embedding: features, embeddingDim: featureDim };
  const [out = 0] = last;
  const batchNorm = shapes.has("fc.3.weight");
  return {
    embedding: buildHead(builder, features, featureDim, { hidden, out, batchNorm }),
    embeddingDim: out,
  };
}
