import { byol } from "../src/ml/losses/byol.ts";
import { compress } from "../src/ml/losses/compress.ts";
import { coss } from "../src/ml/losses/coss.ts";
import { distillationLoss } from "../src/ml/losses/distillationLoss.ts";
import { doGo } from "../src/ml/losses/doGo.ts";
import { infoNce } from "../src/ml/losses/infoNce.ts";
import { ntXent } from "../src/ml/losses/ntXent.ts";
import { rkdAngle, rkdDistance } from "../src/ml/losses/rkd.ts";
import { seedLoss } from "../src/ml/losses/seedLoss.ts";
import { simReg } from "../src/ml/losses/simReg.ts";
import { simSiam } from "../src/ml/losses/simSiam.ts";
import { knownUnitRows, normalizeRows, type UnitRows } from "../src/ml/tensors/unitRows.ts";
import * as tf from "../src/ml/tfjs/tf.ts";
import { checked, failed, worstRelative, type CheckRow } from "./checkRow.ts";
import {
  floatsOf,
  listAt,
  matrixShape,
  NotUnderstood,
  numberAt,
  objectAt,
  type Fixture,
  type Json,
} from "./fixture.ts";

/** A loss's inputs by the fixture's names, raw and as unit rows, and its hyper-parameters. */
interface Arguments {
  readonly raw: (name: string) => tf.Tensor2D;
  readonly unit: (name: string) => UnitRows;
  /** Rows stored as unit rows. */
  readonly stored: (name: string) => UnitRows;
  readonly number: (name: string) => number;
}
type Loss = (given: Arguments) => tf.Scalar;

const oneQueue = ({ unit, stored, number }: Arguments): tf.Scalar =>
  compress(unit("s"), unit("t"), stored("queue_unit"), stored("queue_unit"), number("T"));
const twoQueues = ({ unit, stored, number }: Arguments): tf.Scalar =>
  compress(unit("s"), unit("t_wide"), stored("queue_unit"), stored("queue_wide_unit"), number("T"));
const similarities: Loss = ({ unit, number }) =>
  doGo({ first: unit("s"), second: unit("s2") }, { first: unit("t"), second: unit("t2") }, number("T"));
const predictions = ({ unit }: Arguments) => ({ first: unit("p1"), second: unit("p2") });
const targets = ({ unit }: Arguments) => ({ first: unit("z1"), second: unit("z2") });

/** What the fixture's losses are here; a name may go on with its hyper-parameters ("infonce_queue_tau0.07"). */
const losses: readonly (readonly [name: string, loss: Loss])[] = [
  ["disco_distill_sum", ({ unit }) => tf.mul(distillationLoss(unit("s"), unit("t")), unit("s").shape[0])],
  ["disco_distill_per_sample", ({ unit }) => distillationLoss(unit("s"), unit("t"))],
  [
    "disco_distill_mean_all",
    ({ unit }) => tf.div(distillationLoss(unit("s"), unit("t")), unit("s").shape[1]),
  ],
  [
    "infonce_queue",
    ({ unit, stored, number }) => infoNce(unit("s"), unit("k"), stored("queue_unit"), number("tau")),
  ],
  [
    "seed",
    ({ unit, stored, number }) =>
      seedLoss(unit("s"), unit("t"), stored("queue_unit"), {
        student: number("tau_S"),
        teacher: number("tau_T"),
      }),
  ],
  ["compress_1q", oneQueue],
  ["compress_2q", twoQueues],
  ["simreg", ({ unit }) => simReg(unit("s"), unit("t"))],
  ["rkd_distance", ({ raw }) => rkdDistance(raw("s"), raw("t_wide"))],
  ["rkd_angle", ({ raw }) => rkdAngle(raw("s"), raw("t_wide"))],
  [
    "rkd",
    ({ raw, number }) =>
      tf.add(
        tf.mul(rkdDistance(raw("s"), raw("t_wide")), number("w_d")),
        tf.mul(rkdAngle(raw("s"), raw("t_wide")), number("w_a")),
      ),
  ],
  [
    "coss",
    ({ raw, number }) =>
      coss(raw("s"), raw("t"), {
        rowWeight: number("l0"),
        columnWeight: number("l1"),
        studentTemperature: number("ts"),
        teacherTemperature: number("tt"),
      }).loss,
  ],
  ["ntxent", ({ unit, number }) => ntXent(unit("s"), unit("s2"), number("tau"))],
  ["dogo_kl_mean", similarities],
  ["dogo_kl_batchmean", (given) => tf.mul(similarities(given), given.unit("s").shape[0])],
  ["byol", (given) => byol(predictions(given), targets(given))],
  ["simsiam", (given) => simSiam(predictions(given), targets(given))],
];

function lossNamed(name: string): Loss {
  const found = losses
    .filter(([known]) => name === known || name.startsWith(`${known}_`))
    .sort(([a], [b]) => b.length - a.length)[0];
  if (!found) throw new NotUnderstood(`no loss here is called ${name}`);
  return found[1];
}

/** Values and input gradients of every loss of a 4_losses fixture, on the current backend. */
export async function verifyLosses(fixture: Fixture): Promise<CheckRow[]> {
  const rows: CheckRow[] = [];
  for (const [name, entry] of Object.entries(objectAt(fixture.manifest, "losses"))) {
    try {
      rows.push(...(await verifyLoss(fixture, name, entry)));
    } catch (error) {
      rows.push(failed(name, String(error)));
    }
  }
  return rows;
}

async function verifyLoss(fixture: Fixture, name: string, entry: Json): Promise<CheckRow[]> {
  const loss = lossNamed(name);
  const inputs = listAt(entry, "inputs").map(String);
  const variables = listAt(entry, "gradient_wrt").map(String);
  const tensors = new Map(
    inputs.map((input) => [
      input,
      tf.tensor2d(floatsOf(fixture, `in.${input}`), [...matrixShape(fixture, `in.${input}`)]),
    ]),
  );
  try {
    const evaluate = (...values: tf.Tensor[]): tf.Scalar => {
      const raw = (input: string): tf.Tensor2D => {
        const position = variables.indexOf(input);
        const tensor = position >= 0 ? values[position] : tensors.get(input);
        if (!tensor) throw new NotUnderstood(`${name} is not given ${input}`);
        return tensor as tf.Tensor2D;
      };
      return loss({
        raw,
        unit: (input) => normalizeRows(raw(input)),
        stored: (input) => knownUnitRows(raw(input)),
        number: (parameter) => numberAt(entry, "hyper_parameters", parameter),
      });
    };
    const { value, grads } = tf.valueAndGrads(evaluate)(variables.map((input) => tensors.get(input)!));
    const ours = Number((await value.data())[0]);
    const golden = numberAt(entry, "loss");
    const rows = [
      checked(
        `${name}: loss`,
        Math.abs(ours - golden) / Math.abs(golden),
        numberAt(entry, "tolerance", "loss relative"),
      ),
    ];
    for (const [i, input] of variables.entries()) {
      const gradient = await grads[i]!.data();
      rows.push(
        checked(
          `${name}: gradient of ${input}`,
          worstRelative(gradient, floatsOf(fixture, `${name}.grad.${input}`)),
          numberAt(entry, "tolerance", "gradient rel_max"),
        ),
      );
    }
    tf.dispose([value, ...grads]);
    return rows;
  } finally {
    tensors.forEach((tensor) => tensor.dispose());
  }
}
