/**
 * Writes pictures of the built-in demo set as one NumPy file, for the recipe of the bundled teacher.
 *
 *     npx tsx tools/pretrain/drawDemo.ts --out demo.npy [--seeds 101-105] [--count 2400] [--size 48]
 *
 * The array is uint8 [seeds · count, size, size, 3]; classes take turns, so the label of row i is i mod 12. The
 * visitors' own set has the seed 1: train on other seeds and it stays unseen.
 */
import { closeSync, openSync, writeSync } from "node:fs";
import { parseArgs } from "node:util";
import { standardDemo } from "../../src/contract/dataset.ts";
import { drawDemoImage } from "../../src/ml/data/demoSet.ts";

const { values } = parseArgs({
  options: {
    out: { type: "string" },
    seeds: { type: "string", default: String(standardDemo.seed) },
    count: { type: "string", default: String(standardDemo.count) },
    size: { type: "string", default: String(standardDemo.size) },
  },
});
if (values.out === undefined) throw new Error("--out is missing: the file to write");
const [firstSeed = 1, lastSeed = firstSeed] = values.seeds.split("-").map(Number);
const count = Number(values.count);
const size = Number(values.size);

const file = openSync(values.out, "w");
writeSync(file, npyHeader([(lastSeed - firstSeed + 1) * count, size, size, 3]));
for (let seed = firstSeed; seed <= lastSeed; seed++) {
  for (let index = 0; index < count; index++) writeSync(file, drawDemoImage(seed, index, size).pixels);
}
closeSync(file);

/** The NPY format, version 1.0: magic, length, a Python dict padded so that the data starts at a multiple of 64. */
function npyHeader(shape: readonly number[]): Uint8Array {
  const dict = `{'descr': '|u1', 'fortran_order': False, 'shape': (${shape.join(", ")}), }`;
  const padded = dict.padEnd(Math.ceil((10 + dict.length + 1) / 64) * 64 - 11) + "\n";
  const length = Uint8Array.of(padded.length & 255, padded.length >> 8);
  return Uint8Array.of(
    0x93,
    ...new TextEncoder().encode("NUMPY"),
    1,
    0,
    ...length,
    ...new TextEncoder().encode(padded),
  );
}
