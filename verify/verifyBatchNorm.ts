import { AppError } from "../src/contract/errors.ts";
import type { Layer } from "../src/ml/models/network.ts";
import type { StateDict } from "../src/ml/models/weights.ts";
import { checked, checkedEqual, failed, worstRelative, type CheckRow } from "./checkRow.ts";
import { arrayOf, floatsOf, numberAt, objectAt, textAt, type Fixture, type Json } from "./fixture.ts";
import { runLayer } from "./runLayer.ts";

/** Every case of an 8_micro/batch_norm fixture, on the current backend. */
export async function verifyBatchNorm(fixture: Fixture): Promise<CheckRow[]> {
  const rows: CheckRow[] = [];
  for (const [name, entry] of Object.entries(objectAt(fixture.manifest, "cases"))) {
    try {
      rows.push(...(await verifyCase(fixture, name, entry)));
    } catch (error) {
      rows.push(failed(name, String(error)));
    }
  }
  if ("must_refuse" in objectAt(fixture.manifest)) rows.push(await refusesSingleValues());
  return rows;
}

const layerOf = (channels: number, eps: number, momentum: number): Layer => ({
  kind: "batchNorm",
  name: "bn",
  input: 0,
  channels,
  eps,
  momentum,
});

async function verifyCase(fixture: Fixture, name: string, entry: Json): Promise<CheckRow[]> {
  const split = "splits" in objectAt(entry);
  const x = arrayOf(fixture, `${name}.x`);
  const channels = x.shape[1] ?? 0;
  const stored = (array: string, otherwise: number): { shape: number[]; data: Float32Array } => ({
    shape: [channels],
    data: fixture.arrays.has(`${name}.${array}`)
      ? floatsOf(fixture, `${name}.${array}`)
      : new Float32Array(channels).fill(otherwise),
  });
  const state: StateDict = new Map([
    ["bn.weight", stored("weight", 1)],
    ["bn.bias", stored("bias", 0)],
    ["bn.running_mean", stored("running_mean_before", 0)],
    ["bn.running_var", stored("running_var_before", 1)],
  ]);
  // A split case names neither: PyTorch's defaults.
  const eps = split ? 1e-5 : numberAt(entry, "eps");
  const momentum = split ? 0.1 : numberAt(entry, "momentum");
  const run = await runLayer(
    layerOf(channels, eps, momentum),
    x,
    state,
    {
      mode: split || textAt(entry, "mode") === "train" ? "train" : "eval",
      subBatches: split ? numberAt(entry, "splits") : 1,
    },
    fixture.arrays.get(`${name}.grad_y`),
  );
  const results: Readonly<Record<string, ArrayLike<number> | undefined>> = {
    y: run.output,
    grad_x: run.inputGradient,
    grad_weight: run.gradients.get("bn.weight"),
    grad_bias: run.gradients.get("bn.bias"),
    running_mean_after: run.after.get("bn.running_mean")?.data,
    running_var_after: run.after.get("bn.running_var")?.data,
  };
  const tolerance = numberAt(entry, "tolerance");
  return Object.entries(results)
    .filter(([array]) => fixture.arrays.has(`${name}.${array}`))
    .map(([array, ours]) =>
      checked(
        `${name}: ${array}`,
        worstRelative(ours ?? [], floatsOf(fixture, `${name}.${array}`)),
        tolerance,
      ),
    );
}

/** One value per channel has no variance: PyTorch refuses to train on it, and so do we. */
async function refusesSingleValues(): Promise<CheckRow> {
  const one = { shape: [2], data: Float32Array.of(1, 1) };
  const state: StateDict = new Map(
    ["weight", "bias", "running_mean", "running_var"].map((tensor) => [`bn.${tensor}`, one]),
  );
  let refused = false;
  try {
    await runLayer(layerOf(2, 1e-5, 0.1), { shape: [1, 2, 1, 1], values: one.data }, state, {
      mode: "train",
    });
  } catch (error) {
    refused = error instanceof AppError;
  }
  return checkedEqual("training on one value per channel is refused", [refused], [true]);
}
