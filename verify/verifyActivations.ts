import { activationNames, type ActivationName } from "../src/ml/models/network.ts";
import { checked, failed, worstAbsolute, type CheckRow } from "./checkRow.ts";
import { floatsOf, listAt, numberAt, NotUnderstood, type Fixture } from "./fixture.ts";
import { runLayer } from "./runLayer.ts";

/** Every activation of an 8_micro/activations fixture and its derivative, on the current backend. */
export async function verifyActivations(fixture: Fixture): Promise<CheckRow[]> {
  const rows: CheckRow[] = [];
  for (const name of fixture.arrays.keys()) {
    if (name === "x" || name.endsWith(".grad")) continue;
    try {
      rows.push(...(await verifyActivation(fixture, name)));
    } catch (error) {
      rows.push(failed(name, String(error)));
    }
  }
  return rows;
}

async function verifyActivation(fixture: Fixture, name: string): Promise<CheckRow[]> {
  if (!(activationNames as readonly string[]).includes(name))
    throw new NotUnderstood(`no activation here is called ${name}`);
  const x = floatsOf(fixture, "x");
  const kinks = listAt(fixture.manifest, "kink_positions").map(Number);
  const { output, inputGradient } = await runLayer(
    { kind: "activation", input: 0, fn: name as ActivationName },
    { shape: [1, x.length], values: x },
    new Map(),
    { mode: "eval" },
  );
  const tolerance = numberAt(fixture.manifest, "tolerance", "absolute");
  const smooth = (values: Float32Array): Float32Array => values.filter((_, i) => !kinks.includes(x[i]!));
  const goldenSlope = floatsOf(fixture, `${name}.grad`);
  return [
    checked(name, worstAbsolute(output, floatsOf(fixture, name)), tolerance),
    checked(`${name}: derivative`, worstAbsolute(smooth(inputGradient), smooth(goldenSlope)), tolerance),
  ];
}
