import { beforeAll, expect, test } from "vitest";
import { useNodeBackend } from "../../../tools/nodeBackends.ts";
import { defaultConfig, type Config } from "../../contract/config.ts";
import { finish } from "../../lib/slices.ts";
import { CpuViewSource } from "../augment/cpuViewSource.ts";
import { plainViews } from "../augment/drawViews.ts";
import { demoBlocks } from "../data/demoBlocks.ts";
import { demoLabels } from "../data/demoSet.ts";
import { ImageStore } from "../data/imageStore.ts";
import { splitByClass } from "../data/split.ts";
import type { KeptFeatures } from "../eval/keptFeatures.ts";
import { symmetricEigen } from "../eval/symmetricEigen.ts";
import { createMethod } from "../methods/createMethod.ts";
import { PlainEmbeddings } from "../teachers/plainEmbeddings.ts";
import { createTestTeacher } from "../testing/testTeacher.ts";
import { improveBackend } from "../tfjs/improveBackend.ts";
import * as tf from "../tfjs/tf.ts";
import { allOf, evaluationSample } from "./evaluationSample.ts";
import { Judge, type Sighting } from "./judge.ts";
import { embedBySnapshot } from "./snapshot.ts";

const config: Config = {
  ...defaultConfig,
  studentWidth: 4,
  hiddenWidth: 24,
  batchSize: 8,
  queueSize: 32,
  imageSize: 16,
  evaluationImages: 60,
};

beforeAll(async () => {
  await useNodeBackend("wasm");
  improveBackend("wasm");
});

/** The k rows of `bank` nearest to a row, by a full sort. */
function nearest(query: Float32Array, bank: readonly Float32Array[], k: number, skip = -1): number[] {
  const cosine = (a: Float32Array, b: Float32Array): number => {
    let [dot, aa, bb] = [0, 0, 0];
    for (let d = 0; d < a.length; d++) {
      dot += a[d]! * b[d]!;
      aa += a[d]! ** 2;
      bb += b[d]! ** 2;
    }
    return dot / Math.sqrt(aa * bb);
  };
  return bank
    .map((row, i) => ({ i, similarity: cosine(query, row) }))
    .filter(({ i }) => i !== skip)
    .sort((a, b) => b.similarity - a.similarity)
    .slice(0, k)
    .map(({ i }) => i);
}

/** Overlap by plain loops over what the judge says it saw. */
function slowOverlap(
  student: KeptFeatures,
  teacher: KeptFeatures,
  bank: Int32Array,
  queries: Int32Array,
): number {
  const rows = (kept: KeptFeatures, some: Int32Array): Float32Array[] => Array.from(some, (i) => kept.of(i)!);
  const self = queries === bank;
  let shared = 0;
  queries.forEach((query, i) => {
    const a = nearest(student.of(query)!, rows(student, bank), 10, self ? i : -1);
    const b = nearest(teacher.of(query)!, rows(teacher, bank), 10, self ? i : -1);
    shared += a.filter((neighbour) => b.includes(neighbour)).length;
  });
  return shared / (10 * queries.length);
}

/** Accuracy of kNN votes weighted by exp(cosine/temperature), of rows cut to their first dimensions, by plain loops. */
function slowPrefixKnn(
  [bank, bankClasses]: readonly [readonly number[][], Int32Array],
  [queries, queryClasses]: readonly [readonly number[][], Int32Array],
  dims: number,
  { neighbours, temperature }: { readonly neighbours: number; readonly temperature: number },
): number {
  const cut = (row: readonly number[]): number[] =>
    row.slice(0, dims).map((v) => v / Math.hypot(...row.slice(0, dims)));
  const right = queries.filter((query, q) => {
    const own = cut(query);
    const votes = new Map<number, number>();
    bank
      .map((row, i) => ({
        cosine: cut(row).reduce((sum, v, d) => sum + v * own[d]!, 0),
        label: bankClasses[i]!,
      }))
      .sort((a, b) => b.cosine - a.cosine)
      .slice(0, neighbours)
      .forEach(({ cosine, label }) =>
        votes.set(label, (votes.get(label) ?? 0) + Math.exp(cosine / temperature)),
      );
    const [best] = [...votes].sort(([a, x], [b, y]) => y - x || a - b);
    return best?.[0] === queryClasses[q];
  });
  return right.length / queries.length;
}

test.each([
  ["labelled", demoLabels, 90],
  ["without labels", [], 90],
] as const)("a set %s: overlap and effective rank are those of slow loops", async (_, labels, count) => {
  const images = new ImageStore(20);
  for (const block of demoBlocks({ seed: 3, count, size: 20 })) {
    images.append(labels.length > 0 ? block : { ...block, classes: block.classes.map(() => -1) });
  }
  await images.seal({ name: "test", kind: "own", labels });
  const source = new CpuViewSource(images, config.imageSize);
  const split = splitByClass(images.allClasses(), config.holdout, config.splitSeed);
  const sample = evaluationSample(split, config);
  const teacher = createTestTeacher(20);
  const method = createMethod({ ...config, embeddingDim: 20 }, teacher);
  const before = tf.memory().numTensors;
  const plain = new PlainEmbeddings(teacher, images.count, 0);
  const seen: Sighting[] = [];
  const judge = new Judge(
    images,
    source,
    split,
    { ...config, nested: "on" },
    { plain, project: (embedded) => embedded },
    (sighting) => seen.push(sighting),
  );
  judge.keepUntrained(method);
  const first = (await finish(judge.measureUntrained()))!;
  expect(first.evaluation.overlap).toBeNull(); // the teacher has seen the questions only
  const baseline = (await finish(judge.measureTeacher()))!;
  const later = (await finish(judge.measureStudent(method, 4, false)))!;

  const featuresBy = (who: Sighting["by"]): KeptFeatures => seen.find(({ by }) => by === who)!.features;
  const teachers = featuresBy("teacher");
  expect(Array.from(teachers.indices)).toEqual(Array.from(allOf(sample)));
  expect(baseline.untrainedOverlap).toBeCloseTo(
    slowOverlap(featuresBy("untrained"), teachers, sample.bank, sample.queries),
    6,
  );
  expect(later.overlap).toBeCloseTo(
    slowOverlap(featuresBy("student"), teachers, sample.bank, sample.queries),
    6,
  );
  expect(later.knn === null).toBe(labels.length === 0);
  expect(baseline.teacherKnn === null).toBe(labels.length === 0);

  const { network, weights } = method.trainer;
  const embeddings = async (some: Int32Array): Promise<number[][]> => {
    const render = (part: Int32Array): tf.Tensor4D => plainViews(source, part);
    const rows = (await finish(
      embedBySnapshot({ network, weights }, some, render, [network.embedding], ""),
    ))!;
    const values = await rows.array();
    rows.dispose();
    return values;
  };
  const values = await embeddings(sample.queries);

  const classes = (some: Int32Array): Int32Array => some.map((index) => images.classOf(index));
  const asked = async (dims: number): Promise<number> =>
    slowPrefixKnn(
      [await embeddings(sample.bank), classes(sample.bank)],
      [values, classes(sample.queries)],
      dims,
      baseline,
    );
  if (labels.length > 0) {
    expect(later.prefixes!.map(({ dims }) => dims)).toEqual([4, 8, 16, 20]);
    for (const { dims, knn } of later.prefixes!) expect(knn).toBeCloseTo(await asked(dims), 6);
    expect(baseline.teacherPrefixes).toHaveLength(4);
    expect(first.evaluation.prefixes).toHaveLength(4);
  } else expect([later.prefixes, baseline.teacherPrefixes]).toEqual([null, null]);

  // RankMe from the eigenvalues of the embeddings' products, written out.
  const unit = values.map((row) => row.map((v) => v / Math.hypot(...row)));
  const n = unit.length;
  const products = Float64Array.from({ length: n * n }, (_, at) =>
    unit[Math.floor(at / n)]!.reduce((sum, v, d) => sum + v * unit[at % n]![d]!, 0),
  );
  const singular = Array.from(symmetricEigen(products, n).values, (v) => Math.sqrt(Math.max(0, v)));
  const total = singular.reduce((a, b) => a + b, 0);
  const entropy = singular.reduce((sum, s) => (s > 0 ? sum - (s / total) * Math.log(s / total) : sum), 0);
  expect(later.effectiveRank! / Math.exp(entropy)).toBeCloseTo(1, 2);

  judge.dispose();
  expect(tf.memory().numTensors).toBe(before);
  method.dispose();
  teacher.dispose();
});

test("sets too small for ten neighbours have no overlap, and no set is too small to be measured", async () => {
  for (const count of [1, 2, 12]) {
    const images = new ImageStore(16);
    for (const block of demoBlocks({ seed: 3, count, size: 16 })) images.append(block);
    await images.seal({ name: "test", kind: "own", labels: demoLabels });
    const split = splitByClass(images.allClasses(), config.holdout, config.splitSeed);
    const teacher = createTestTeacher(20);
    const method = createMethod({ ...config, embeddingDim: 20 }, teacher);
    const source = new CpuViewSource(images, config.imageSize);
    const plain = new PlainEmbeddings(teacher, images.count, 0);
    const judge = new Judge(images, source, split, config, { plain, project: (embedded) => embedded });
    const { overlap } = (await finish(judge.measureStudent(method, 1, true)))!;
    expect(overlap).toBeNull();
    judge.dispose();
    method.dispose();
    teacher.dispose();
  }
});
