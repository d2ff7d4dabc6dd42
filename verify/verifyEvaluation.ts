import { alignment, uniformity } from "../src/ml/eval/alignmentUniformity.ts";
import { linearCka } from "../src/ml/eval/cka.ts";
import { accuracy, confusionMatrix, largestScores, topKAccuracy } from "../src/ml/eval/classification.ts";
import { participationRatio, rankMe, singularValues } from "../src/ml/eval/effectiveRank.ts";
import { columnMeans, readRows, type FeatureRows } from "../src/ml/eval/featureRows.ts";
import { knnPredict } from "../src/ml/eval/knn.ts";
import { fitLogistic, fitRidge, linearScores, meanCrossEntropy } from "../src/ml/eval/linearProbe.ts";
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
  textAt,
  type Fixture,
  type Json,
} from "./fixture.ts";

/** How each of the fixture's "results" is checked. */
const checks: Readonly<Record<string, (fixture: Fixture, result: Json) => CheckRow[] | Promise<CheckRow[]>>> =
  {
    knn: verifyKnn,
    ridge: verifyRidge,
    logistic: verifyLogistic,
    alignment: verifyAlignment,
    uniformity: verifyUniformity,
    std_of_normalised: verifySpread,
    effective_rank: verifyEffectiveRank,
    linear_cka: verifyCka,
    pca: verifyPca,
    topk: verifyTopK,
  };

/** Every measure of a 6_evaluation fixture, on the current backend. */
export async function verifyEvaluation(fixture: Fixture): Promise<CheckRow[]> {
  const rows: CheckRow[] = [];
  for (const [name, result] of Object.entries(objectAt(fixture.manifest, "results"))) {
    try {
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

function classCountOf(fixture: Fixture): number {
  return numberAt(fixture.manifest, "sizes", "classes");
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
      checkedEqual(`${name}: accuracy`, [accuracy(predictions, queryClasses)], [numberAt(entry, "accuracy")]),
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

function verifyRidge(fixture: Fixture, result: Json): CheckRow[] {
  const bank = features(fixture, "bank");
  const bankClasses = integersOf(fixture, "in.bank_labels");
  const queryClasses = integersOf(fixture, "in.query_labels");
  const classCount = classCountOf(fixture);
  return Object.entries(objectAt(result, "results")).flatMap(([name, entry]) => {
    const lambda = Number(/^lambda(.+)$/.exec(name)?.[1]);
    if (Number.isNaN(lambda)) throw new NotUnderstood(`ridge ${name} does not say its lambda`);
    const probe = fitRidge(bank, bankClasses, classCount, lambda);
    const predict = (given: FeatureRows) => largestScores(linearScores(probe, given), classCount);
    const predictions = predict(features(fixture, "query"));
    const absolute = tolerance(fixture, "ridge W, b absolute");
    const array = `ridge.${name}`;
    return [
      checked(`${array}: W`, worstAbsolute(probe.weights, floatsOf(fixture, `${array}.W`)), absolute),
      checked(`${array}: b`, worstAbsolute(probe.bias, floatsOf(fixture, `${array}.b`)), absolute),
      checkedEqual(`${array}: predictions`, predictions, integersOf(fixture, `${array}.pred`)),
      checkedEqual(
        `${array}: accuracies`,
        [accuracy(predict(bank), bankClasses), accuracy(predictions, queryClasses)],
        [numberAt(entry, "train_accuracy"), numberAt(entry, "test_accuracy")],
      ),
    ];
  });
}

/** The fixture's logistic probe, fitted by us; its λ stands in the objective's wording. */
function logisticProbe(fixture: Fixture) {
  const objective = textAt(fixture.manifest, "results", "logistic", "objective");
  const lambda = Number(/lambda ([\d.e-]*\d)/.exec(objective)?.[1]);
  if (Number.isNaN(lambda)) throw new NotUnderstood("the logistic objective does not say its lambda");
  const bank = features(fixture, "bank");
  const bankClasses = integersOf(fixture, "in.bank_labels");
  const classCount = classCountOf(fixture);
  const probe = fitLogistic(bank, bankClasses, classCount, lambda);
  const queryScores = linearScores(probe, features(fixture, "query"));
  return { bank, bankClasses, classCount, probe, queryScores };
}

function verifyLogistic(fixture: Fixture, result: Json): CheckRow[] {
  const { bank, bankClasses, classCount, probe, queryScores } = logisticProbe(fixture);
  const bankScores = linearScores(probe, bank);
  const queryClasses = integersOf(fixture, "in.query_labels");
  const predictions = largestScores(queryScores, classCount);
  const absolute = tolerance(fixture, "logistic loss absolute");
  const loss = (name: string, ours: number): CheckRow =>
    checked(`logistic: ${name}`, Math.abs(ours - numberAt(result, name)), absolute);
  return [
    loss("loss", probe.objective),
    loss("cross_entropy_part", meanCrossEntropy(bankScores, bankClasses, classCount)),
    loss("test_cross_entropy", meanCrossEntropy(queryScores, queryClasses, classCount)),
    checkedEqual("logistic: predictions", predictions, integersOf(fixture, "logistic.pred")),
    checkedEqual(
      "logistic: accuracies",
      [accuracy(largestScores(bankScores, classCount), bankClasses), accuracy(predictions, queryClasses)],
      [numberAt(result, "train_accuracy"), numberAt(result, "test_accuracy")],
    ),
    checkedEqual(
      "logistic: confusion",
      confusionMatrix(predictions, queryClasses, classCount),
      integersOf(fixture, "logistic.confusion"),
    ),
    // The fixture gives no tolerance for these; a converged optimum is as sharp as its loss.
    checked("logistic: W", worstAbsolute(probe.weights, floatsOf(fixture, "logistic.W")), absolute),
    checked("logistic: b", worstAbsolute(probe.bias, floatsOf(fixture, "logistic.b")), absolute),
  ];
}

function verifyTopK(fixture: Fixture, result: Json): CheckRow[] {
  const { classCount, queryScores } = logisticProbe(fixture);
  const classes = integersOf(fixture, "in.query_labels");
  return Object.keys(objectAt(result)).map((name) => {
    const k = Number(/^top(\d+)$/.exec(name)?.[1]);
    if (Number.isNaN(k)) throw new NotUnderstood(`${name} is not a top-k accuracy`);
    const ours = topKAccuracy(queryScores, classCount, classes, k);
    return checkedEqual(`logistic: ${name}`, [ours], [numberAt(result, name)]);
  });
}

const flatTolerance = "alignment, uniformity, std, CKA absolute";

async function verifyAlignment(fixture: Fixture, result: Json): Promise<CheckRow[]> {
  const ours = await scalarOf(() =>
    alignment(normalizeRows(tensorOf(fixture, "view1")), normalizeRows(tensorOf(fixture, "view2"))),
  );
  const error = Math.abs(ours - numberAt(result, "value"));
  return [checked("alignment", error, tolerance(fixture, flatTolerance))];
}

async function verifyUniformity(fixture: Fixture, result: Json): Promise<CheckRow[]> {
  const ours = await scalarOf(() => uniformity(normalizeRows(tensorOf(fixture, "view1"))));
  const error = Math.abs(ours - numberAt(result, "value"));
  return [checked("uniformity", error, tolerance(fixture, flatTolerance))];
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
    checked(`std_of_normalised: ${name}`, error, tolerance(fixture, flatTolerance));
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
      compare("participation_ratio_of_s2", participationRatio(singular)),
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

/** What a bank is compared with, by the fixture's names. */
const ckaPartners: Readonly<Record<string, (fixture: Fixture) => tf.Tensor2D>> = {
  bank_vs_other: (fixture) => tensorOf(fixture, "other"),
  bank_vs_bank: (fixture) => tensorOf(fixture, "bank"),
  // The fixture does not store this one: any scale and any orthogonal change must give 1.
  bank_vs_scaled_rotated_first_two_columns_swapped: (fixture) => {
    const bank = tensorOf(fixture, "bank");
    const width = bank.shape[1];
    const order = Array.from({ length: width }, (_, d) => (d < 2 && width > 1 ? 1 - d : d));
    return tf.mul(tf.gather(bank, order, 1), 3);
  },
};

async function verifyCka(fixture: Fixture, result: Json): Promise<CheckRow[]> {
  const rows: CheckRow[] = [];
  for (const [name, golden] of Object.entries(objectAt(result))) {
    if (name === "rule") continue;
    const partner = ckaPartners[name];
    if (!partner) throw new NotUnderstood(`linear CKA ${name}`);
    const ours = await scalarOf(() => linearCka(tensorOf(fixture, "bank"), partner(fixture)));
    const error = Math.abs(ours - Number(golden));
    rows.push(checked(`linear CKA: ${name}`, error, tolerance(fixture, flatTolerance)));
  }
  return rows;
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
