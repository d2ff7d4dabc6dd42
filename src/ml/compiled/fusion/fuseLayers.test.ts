import { expect, test } from "vitest";
import { NetworkBuilder, type LayerIndex, type Network } from "../../models/network.ts";
import { fuseLayers } from "./fuseLayers.ts";

/** A residual block behind a stem: conv, BatchNorm, ReLU; conv, BatchNorm, + the stem's result, `after`. */
function block(after: "relu" | "silu"): { network: Network; wanted: LayerIndex } {
  const b = new NetworkBuilder();
  const image = b.input(4);
  const stem = b.activation(b.batchNorm("bn1", b.conv("conv1", image, 4, 8, 3), 8), "relu");
  const main = b.batchNorm("bn2", b.conv("conv2", stem, 8, 8, 3), 8);
  const wanted = b.activation(b.add(main, stem), after);
  return { network: { layers: b.layers } as unknown as Network, wanted };
}

const summary = (
  { network, wanted }: ReturnType<typeof block>,
  norms: "train" | "folded",
  others: readonly LayerIndex[] = [],
): readonly string[] =>
  fuseLayers(network, [wanted, ...others], norms).map(
    ({ layer, norm, residual, activation }) =>
      layer.kind +
      (norm === null ? "" : ` * ${norm.name}`) +
      (residual === null ? "" : ` + ${residual}`) +
      (activation === undefined ? "" : ` ${activation}`),
  );

test("in train mode a BatchNorm takes along the addition and the activation behind it", () => {
  expect(summary(block("relu"), "train")).toEqual([
    "input",
    "conv",
    "batchNorm relu",
    "conv",
    "batchNorm + 3 relu",
  ]);
});

test("folded, a convolution takes its BatchNorm along as well", () => {
  expect(summary(block("relu"), "folded")).toEqual(["input", "conv * bn1 relu", "conv * bn2 + 3 relu"]);
});

test("an activation other than ReLU behind an addition runs by itself", () => {
  expect(summary(block("silu"), "folded")).toEqual([
    "input",
    "conv * bn1 relu",
    "conv * bn2 + 3",
    "activation",
  ]);
});

test("a wanted result is written under its own index", () => {
  const bn1 = 2;
  expect(summary(block("relu"), "train", [bn1])).toEqual([
    "input",
    "conv",
    "batchNorm",
    "activation",
    "conv",
    "batchNorm + 3 relu",
  ]);
});
