import type { SetEmbeddings } from "../../contract/studentAnswers.ts";
import { listedNeighbours, type EmbeddingsToPack } from "../../contract/studentExport.ts";
import { csvFile, shortestFloat32, type CsvRow } from "../../formats/csvTable.ts";
import { writeNpy } from "../../formats/npy.ts";
import { writeEmbeddings } from "../../formats/parquet/writeEmbeddings.ts";
import { writeZip } from "../../formats/zip.ts";
import { KeptFeatures } from "../../ml/eval/keptFeatures.ts";
import { textFile, type PackedFile } from "./packedFile.ts";

/**
 * `embeddings.zip`: what a student makes of every image of a set, by name, as CSV, NPY and parquet, and the images most
 * alike to each.
 *
 * @param say what is under way.
 */
export async function packEmbeddings(
  { set, labels }: EmbeddingsToPack,
  say: (what: string) => void,
): Promise<Uint8Array<ArrayBuffer>> {
  const { names, features, dim, classes } = set;
  const labelled = classes.map((label) => labels[label] ?? null);
  const csv = async (path: string, rows: Iterable<CsvRow>): Promise<PackedFile> => ({
    path,
    bytes: new Uint8Array(await (await csvFile(rows)).arrayBuffer()),
  });
  say("Writing the embeddings");
  const files = [
    textFile("README.txt", readme(set)),
    await csv("names.csv", [
      ["row", "name", "label"],
      ...names.map((name, i) => [i, name, labelled[i] ?? null]),
    ]),
    await csv("embeddings.csv", embeddingRows(set, labelled)),
    { path: "embeddings.npy", bytes: writeNpy(features, [names.length, dim]) },
    {
      path: "embeddings.parquet",
      bytes: writeEmbeddings({ names, labels: labelled, values: features, dim }),
    },
    await csv("neighbours.csv", neighbourRows(set, say)),
  ];
  say("Packing");
  return writeZip(files);
}

function* embeddingRows(
  { names, features, dim }: SetEmbeddings,
  labels: readonly (string | null)[],
): Generator<CsvRow> {
  yield ["name", "label", ...Array.from({ length: dim }, (_, d) => `e${d}`)];
  for (let i = 0; i < names.length; i++) {
    const row = Array.from(features.subarray(i * dim, (i + 1) * dim), shortestFloat32);
    yield [names[i]!, labels[i] ?? null, ...row];
  }
}

function* neighbourRows(
  { names, features, dim }: SetEmbeddings,
  say: (what: string) => void,
): Generator<CsvRow> {
  yield ["name", "rank", "neighbour", "cosine"];
  const kept = new KeptFeatures(Int32Array.from(names.keys()), features, dim);
  for (let i = 0; i < names.length; i++) {
    if (i % 100 === 0) say(`Finding neighbours: ${i} of ${names.length}`);
    const query = features.subarray(i * dim, (i + 1) * dim);
    const nearest = kept.nearest(query, listedNeighbours, i);
    for (const [rank, { index, similarity }] of nearest.entries())
      yield [names[i]!, rank + 1, names[index]!, shortestFloat32(Math.fround(similarity))];
  }
}

function readme({ names, dim }: SetEmbeddings): string {
  return `What the student makes of ${names.length} images: ${dim} numbers each, not normalised; compare them by cosine.

embeddings.csv      name, label (folder, where there are any) and e0 … e${dim - 1}
embeddings.npy      the same numbers, float32 [${names.length}, ${dim}]:  numpy.load("embeddings.npy")
names.csv           whose row is which
embeddings.parquet  name, label, embedding (a list of floats):  pandas.read_parquet("embeddings.parquet")
neighbours.csv      of each image the ${listedNeighbours} most alike, with their cosine
`;
}
