import type { StateDict } from "../src/ml/models/weights.ts";
import { checked, failed, worstRelative, type CheckRow } from "./checkRow.ts";
import { arrayOf, at, floatsOf, numberAt, objectAt, type Fixture, type Json } from "./fixture.ts";
import { runLayer } from "./runLayer.ts";

/** Every convolution of an 8_micro/convolution fixture, forwards and backwards, on the current backend. */
export async function verifyConvolution(fixture: Fixture): Promise<CheckRow[]> {
  const rows: CheckRow[] = [];
  for (const [name, entry] of Object.entries(objectAt(fixture.manifest, "cases"))) {
    try {
      rows.push(...(await verifyCase(fixture, name, entry)));
    } catch (error) {
      rows.push(failed(name, String(error)));
    }
  }
  return rows;
}

async function verifyCase(fixture: Fixture, name: string, entry: Json): Promise<CheckRow[]> {
  const x = arrayOf(fixture, `${name}.x`);
  const weight = arrayOf(fixture, `${name}.w`);
  const [outChannels = 0, , kernel = 0] = weight.shape;
  const bias = at(entry, "bias") === true;
  const state: StateDict = new Map([
    ["conv.weight", { shape: weight.shape, data: floatsOf(fixture, `${name}.w`) }],
    ...(bias ? [["conv.bias", { shape: [outChannels], data: floatsOf(fixture, `${name}.b`) }] as const] : []),
  ]);
  const run = await runLayer(
    {
      kind: "conv",
      name: "conv",
      input: 0,
      inChannels: x.shape[1] ?? 0,
      outChannels,
      kernel,
      stride: numberAt(entry, "stride"),
      padding: numberAt(entry, "padding"),
      groups: numberAt(entry, "groups"),
      bias,
    },
    x,
    state,
    { mode: "eval" },
    arrayOf(fixture, `${name}.grad_y`),
  );
  const tolerance = numberAt(fixture.manifest, "tolerance", "all");
  const compare = (array: string, ours: ArrayLike<number>): CheckRow =>
    checked(`${name}: ${array}`, worstRelative(ours, floatsOf(fixture, `${name}.${array}`)), tolerance);
  return [
    compare("y", run.output),
    compare("grad_x", run.inputGradient),
    compare("grad_w", run.gradients.get("conv.weight") ?? []),
    ...(bias ? [compare("grad_b", run.gradients.get("conv.bias") ?? [])] : []),
  ];
}
