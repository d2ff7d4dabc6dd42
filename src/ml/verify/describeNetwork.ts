import { NetworkBuilder, stateDictSpec, type Network } from "../models/network.ts";
import { buildHead, buildResNet, type ResNetStage } from "../models/resnet.ts";
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
  const prefix = rows.every((row) => String(row[1]).startsWith("net.")) ? "net." : "";
  const named = rows.map((row) => ({
    name: String(row[1]).slice(prefix.length),
    shape: row[3] as readonly number[],
  }));
  const shapes = new Map(named.map(({ name, shape }) => [name, shape]));
  const builder = new NetworkBuilder();
  if (!shapes.has("conv1.weight")) throw new NotUnderstood(`${fixture.name}: not a ResNet`);
  const { features, featureDim } = describeResNet(builder, shapes);
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
