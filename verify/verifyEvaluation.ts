import { rankMe, singularValues } from "../src/ml/eval/effectiveRank.ts";
import { columnMeans, readRows, type FeatureRows } from "../src/ml/eval/featureRows.ts";
import { knnPredict } from "../src/ml/eval/knn.ts";
import { fitPca } from "../src/ml/eval/pca.ts";
import { dimensionDeviations, embeddingSpread } from "../src/ml/eval/spread.ts";
import { normalizeRows } from "../src/ml/tensors/unitRows.ts";
import * as tf from "../src/ml/tfjs/tf.ts";
import { checked, checkedEqual, failed, worstAbsolute, worstRelative, type CheckRow } from "./checkRow.ts";
import {
  arrayOf,
  floatsOf,
  integersOf,
  matrixShape,
  NotUnderstood,
  numberAt,
  objectAt,
  type Fixture,
  type Json,
} from "./fixture.ts";
import { notOffered } from "./notOffered.ts";

/** How each of the fixture's "results" is checked. */
const checks: Readonly<Record<string, (fixture: Fixture, result: Json) => CheckRow[] | Promise<CheckRow[]>>> =
  {
    knn: verifyKnn,
    std_of_normalised: verifySpread,
    effective_rank: verifyEffectiveRank,
    pca: verifyPca,
  };

/** Every measure of a 6_evaluation fixture, on the current backend. */
export async function verifyEvaluation(fixture: Fixture): Promise<CheckRow[]> {
  const rows: CheckRow[] = [];
  for (const [name, result] of Object.entries(objectAt(fixture.manifest, "results"))) {
    try {
      const leftOut = notOffered(name);
      if (leftOut !== null) {
        rows.push(leftOut);
        continue;
      }
      const check = checks[name];
      if (!check) throw new NotUnderstood(`no measure here is called ${name}`);
      rows.push(...(await check(fixture, result)));
    } catch (error) {
      rows.push(failed(name, String(error)));
    }
  }
  return rows;
}

const tolerance = (fixture: Fixture, name: string): number => numberAt(fixture.manifest, "tolerance", name);

function features(fixture: Fixture, name: string): FeatureRows {
  const [count, dim] = matrixShape(fixture, `in.${name}`);
  return { values: floatsOf(fixture, `in.${name}`), count, dim };
}

function tensorOf(fixture: Fixture, name: string): tf.Tensor2D {
  return tf.tensor2d(floatsOf(fixture, `in.${name}`), [...matrixShape(fixture, `in.${name}`)]);
}

async function scalarOf(compute: () => tf.Scalar): Promise<number> {
  const scalar = tf.tidy(compute);
  const [value] = await scalar.data();
  scalar.dispose();
  return Number(value);
}

async function verifyKnn(fixture: Fixture, result: Json): Promise<CheckRow[]> {
  const rows: CheckRow[] = [];
  const [bank, queries] = [tensorOf(fixture, "bank"), tensorOf(fixture, "query")];
  const queryClasses = integersOf(fixture, "in.query_labels");
  for (const [name, entry] of Object.entries(objectAt(result, "cases"))) {
    const { scores, predictions } = await knnPredict({
      bank,
      queries,
      bankClasses: integersOf(fixture, "in.bank_labels"),
      neighbours: numberAt(entry, "k"),
      temperature: "T" in objectAt(entry) ? numberAt(entry, "T") : 1, // one neighbour: any will do
    });
    rows.push(
      checkedEqual(`${name}: predictions`, predictions, integersOf(fixture, `${name}.pred`)),
      checkedEqual(
        `${name}: accuracy`,
        [shareEqual(predictions, queryClasses)],
        [numberAt(entry, "accuracy")],
      ),
    );
    if (fixture.arrays.has(`${name}.scores`))
      rows.push(
        checked(
          `${name}: scores`,
          worstRelative(scores, floatsOf(fixture, `${name}.scores`)),
          tolerance(fixture, "kNN scores relative"),
        ),
      );
  }
  tf.dispose([bank, queries]);
  return rows;
}

function shareEqual(a: ArrayLike<number>, b: ArrayLike<number>): number {
  return Array.from(a, (value, i) => Number(value === b[i])).reduce((sum, one) => sum + one, 0) / a.length;
}

/** One tolerance may be that of several measures: "alignment, uniformity, std, CKA absolute". */
function toleranceOfSpread(fixture: Fixture): string {
  const name = Object.keys(objectAt(fixture.manifest, "tolerance")).find((key) => /\bstd\b/.test(key));
  if (name === undefined) throw new NotUnderstood("there is no tolerance of the standard deviations");
  return name;
}

async function verifySpread(fixture: Fixture, result: Json): Promise<CheckRow[]> {
  const [count, dim] = matrixShape(fixture, "in.view1");
  const unit = () => normalizeRows(tensorOf(fixture, "view1"));
  const deviations = tf.tidy(() => dimensionDeviations(unit()));
  const perDimension = await deviations.data();
  deviations.dispose();
  const mean = (await scalarOf(() => embeddingSpread(unit()))) / Math.sqrt(dim);
  const population = mean * Math.sqrt((count - 1) / count);
  const compare = (name: string, error: number): CheckRow =>
    checked(`std_of_normalised: ${name}`, error, tolerance(fixture, toleranceOfSpread(fixture)));
  return [
    compare(
      "per dimension",
      worstAbsolute(perDimension, floatsOf(fixture, "std_of_normalised.per_dim_unbiased")),
    ),
    compare("mean, unbiased", Math.abs(mean - numberAt(result, "mean_std_unbiased"))),
    compare("mean, population", Math.abs(population - numberAt(result, "mean_std_population"))),
    compare("1/√D", Math.abs(1 / Math.sqrt(dim) - numberAt(result, "one_over_sqrt_D"))),
  ];
}

async function verifyEffectiveRank(fixture: Fixture, result: Json): Promise<CheckRow[]> {
  const rows: CheckRow[] = [];
  for (const [name, entry] of Object.entries(objectAt(result, "values"))) {
    const singular = singularValues(await preparedFeatures(fixture, name));
    const relative = tolerance(fixture, "RankMe relative");
    const compare = (measure: string, ours: number): CheckRow => {
      const golden = numberAt(entry, measure);
      return checked(`${name}: ${measure}`, Math.abs(ours - golden) / golden, relative);
    };
    rows.push(
      checked(
        `${name}: singular values`,
        worstRelative(singular, floatsOf(fixture, `singular_values.${name}`)),
        tolerance(fixture, "singular values, PCA relative to the largest"),
      ),
      compare("rankme", rankMe(singular)),
    );
  }
  return rows;
}

/** The matrix a name like "bank_centred" stands for. */
async function preparedFeatures(fixture: Fixture, name: string): Promise<FeatureRows> {
  const [source, treatment] = [name.slice(0, name.lastIndexOf("_")), name.slice(name.lastIndexOf("_") + 1)];
  const raw = features(fixture, source);
  switch (treatment) {
    case "raw":
      return raw;
    case "centred": {
      const means = columnMeans(raw);
      return { ...raw, values: Float64Array.from(raw.values, (v, i) => v - means[i % raw.dim]!) };
    }
    case "unit": {
      const rows = tf.tidy(() => normalizeRows(tensorOf(fixture, source)));
      const unit = await readRows(rows);
      rows.dispose();
      return unit;
    }
    default:
      throw new NotUnderstood(`${treatment} is no treatment of features known here`);
  }
}

async function verifyPca(fixture: Fixture, result: Json): Promise<CheckRow[]> {
  const [, dim] = arrayOf(fixture, "in.bank").shape;
  if (dim === undefined) throw new NotUnderstood("in.bank has one dimension");
  const bank = tensorOf(fixture, "bank");
  const { variances, totalVariance } = await fitPca(bank, dim, 1);
  bank.dispose();
  const shares = variances.map((variance) => variance / totalVariance);
  const relative = tolerance(fixture, "singular values, PCA relative to the largest");
  let [kept, components] = [0, 0];
  while (kept < 0.9 && components < dim) kept += shares[components++]!;
  return [
    checked(
      "pca: variances",
      worstRelative(variances, floatsOf(fixture, "pca.explained_variance")),
      relative,
    ),
    checked(
      "pca: shares",
      worstRelative(shares, floatsOf(fixture, "pca.explained_variance_ratio")),
      relative,
    ),
    checkedEqual("pca: components for 90 %", [components], [numberAt(result, "components_for_90_percent")]),
  ];
}
