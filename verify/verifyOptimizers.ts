import { Adam } from "../src/ml/optim/adam.ts";
import { Lars } from "../src/ml/optim/lars.ts";
import { Sgd } from "../src/ml/optim/sgd.ts";
import * as tf from "../src/ml/tfjs/tf.ts";
import { checked, failed, worstAbsolute, type CheckRow } from "./checkRow.ts";
import {
  arrayOf,
  floatsOf,
  listAt,
  NotUnderstood,
  numberAt,
  objectAt,
  textAt,
  type Fixture,
  type Json,
} from "./fixture.ts";

type Optimiser = Pick<Sgd, "step" | "dispose">;

/** Every step of every optimiser of an 8_micro/optimizers fixture, on the current backend. */
export async function verifyOptimizers(fixture: Fixture): Promise<CheckRow[]> {
  const rows: CheckRow[] = [];
  const optimisers = objectAt(fixture.manifest, "optimizers");
  for (const [name, entry] of Object.entries(optimisers)) {
    try {
      rows.push(...(await verifyOptimizer(fixture, name, entry, ruleOf(optimisers, name))));
    } catch (error) {
      rows.push(failed(name, String(error)));
    }
  }
  return rows;
}

/** An optimiser's rule; "as OTHER with …" is OTHER's rule too, after its own so that its own numbers come first. */
function ruleOf(optimisers: Json, name: string): string {
  const rule = textAt(optimisers, name, "rule");
  const other = /^as (\w+) with (.*)$/.exec(rule);
  return other ? `${other[2]}; ${ruleOf(optimisers, other[1] ?? "")}` : rule;
}

/** The number after a word in a rule, the first there is; 0 when the rule does not speak of it. */
function numberAfter(rule: string, pattern: RegExp): number {
  const found = pattern.exec(rule)?.[1];
  return found === undefined ? 0 : Number(found);
}

function optimiserOf(name: string, rule: string): Optimiser {
  const momentum = numberAfter(rule, /momentum ([\d.e-]*\d)/) || numberAfter(rule, /buf = ([\d.]*\d)\*buf/);
  const weightDecay = numberAfter(rule, /(?:weight decay|wd) ([\d.e-]*\d)/);
  if (name.startsWith("sgd")) return new Sgd({ momentum, weightDecay, nesterov: rule.includes("nesterov") });
  if (name.startsWith("lars"))
    return new Lars({ momentum, weightDecay, trust: numberAfter(rule, /eta ([\d.e-]*\d)/) });
  if (name.startsWith("adam"))
    return new Adam({
      beta1: numberAfter(rule, /betas ([\d.]*\d)/),
      beta2: numberAfter(rule, /betas [\d.]*\d, ([\d.]*\d)/),
      epsilon: numberAfter(rule, /eps ([\d.e-]*\d)/),
      weightDecay,
      decoupled: name.startsWith("adamw"),
    });
  throw new NotUnderstood(`no optimiser here is called ${name}`);
}

async function verifyOptimizer(
  fixture: Fixture,
  name: string,
  entry: Json,
  rule: string,
): Promise<CheckRow[]> {
  const tolerance = numberAt(fixture.manifest, "tolerance", "absolute");
  const tensors = [...fixture.arrays.keys()].flatMap((array) => /^in\.(.+)$/.exec(array)?.[1] ?? []);
  const tensorOf = (array: string) => tf.tensor(floatsOf(fixture, array), [...arrayOf(fixture, array).shape]);
  const parameters = new Map(
    tensors.map((tensor) => [tensor, tf.tidy(() => tf.variable(tensorOf(`in.${tensor}`)))]),
  );
  const optimiser = optimiserOf(name, rule);
  const worst = new Map(tensors.map((tensor) => [tensor, 0]));
  for (const [step, rate] of listAt(entry, "lr").entries()) {
    const gradients = new Map(tensors.map((tensor) => [tensor, tensorOf(`grad.${step}.${tensor}`)]));
    optimiser.step(parameters, gradients, Number(rate));
    gradients.forEach((gradient) => gradient.dispose());
    for (const [tensor, variable] of parameters) {
      const error = worstAbsolute(await variable.data(), floatsOf(fixture, `${name}.${step}.${tensor}`));
      worst.set(tensor, Math.max(error, worst.get(tensor) ?? 0));
    }
  }
  optimiser.dispose();
  parameters.forEach((variable) => variable.dispose());
  return [...worst].map(([tensor, error]) => checked(`${name}: ${tensor}, all steps`, error, tolerance));
}
