import type { TensorRole, TensorSpec } from "../src/ml/models/network.ts";
import { fromPyTorchLayout, toPyTorchLayout } from "../src/ml/models/weights.ts";
import { Muon } from "../src/ml/optim/muon.ts";
import * as tf from "../src/ml/tfjs/tf.ts";
import { checked, worstRelative, type CheckRow } from "./checkRow.ts";
import {
  arrayOf,
  floatsOf,
  listAt,
  NotUnderstood,
  numberAt,
  objectAt,
  textAt,
  type Fixture,
} from "./fixture.ts";

const roles: Readonly<Record<string, TensorRole>> = {
  conv: "convWeight",
  depthwise: "depthwiseWeight",
  linear: "linearWeight",
  vector: "bias",
};

/** Every step of an 8_micro/muon fixture on the current backend, in the layouts that weights have in memory. */
export async function verifyMuon(fixture: Fixture): Promise<CheckRow[]> {
  const { manifest } = fixture;
  const tolerance = numberAt(manifest, "tolerance", "all");
  const specs = Object.keys(objectAt(manifest, "layouts")).map((name) => specOf(fixture, name));
  const tensorOf = (array: string, spec: TensorSpec): tf.Tensor =>
    tf.tidy(() => fromPyTorchLayout(spec, floatsOf(fixture, array)));
  const parameters = new Map(
    specs.map((spec) => [
      spec.name,
      tf.tidy(() => tf.variable(fromPyTorchLayout(spec, floatsOf(fixture, `in.${spec.name}`)))),
    ]),
  );
  const muon = new Muon({
    momentum: numberAt(manifest, "momentum"),
    weightDecay: numberAt(manifest, "weight_decay"),
  });
  const rows: CheckRow[] = [];
  for (const [step, rate] of listAt(manifest, "lr").entries()) {
    const gradients = new Map(specs.map((spec) => [spec.name, tensorOf(`grad.${step}.${spec.name}`, spec)]));
    muon.step(parameters, gradients, Number(rate));
    gradients.forEach((gradient) => gradient.dispose());
    for (const spec of specs) {
      const value = tf.tidy(() => toPyTorchLayout(spec, parameters.get(spec.name) as tf.Variable));
      const error = worstRelative(await value.data(), floatsOf(fixture, `${step}.${spec.name}`));
      value.dispose();
      rows.push(checked(`${spec.name} after step ${step}`, error, tolerance));
    }
  }
  muon.dispose();
  parameters.forEach((variable) => variable.dispose());
  return rows;
}

function specOf(fixture: Fixture, name: string): TensorSpec {
  const layout = textAt(fixture.manifest, "layouts", name);
  const role = roles[layout];
  if (role === undefined) throw new NotUnderstood(`no weight here has the layout ${layout}`);
  return { name, role, shape: arrayOf(fixture, `in.${name}`).shape };
}
