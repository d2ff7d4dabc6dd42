/**
 * Writes what PyTorch makes of small runs of the engine: `npx tsx tools/clusterGolden.ts`. Needs Python with PyTorch.
 * `src/worker/export/continueRun.test.ts` compares the engine with it where there is none.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { improveBackend } from "../src/ml/tfjs/improveBackend.ts";
import {
  clusterCases,
  clusterSample,
  type ClusterCase,
  type ClusterSample,
} from "../src/worker/export/testing/clusterRun.ts";
import { continueInPyTorch } from "./testing/continueInPyTorch.ts";
import { useNodeBackend } from "./nodeBackends.ts";

await useNodeBackend("wasm");
improveBackend("wasm");
const names = Object.keys(clusterCases) as ClusterCase[];
const samples: ClusterSample[] = [];
for (const name of names) samples.push(await clusterSample(name));
const [one, two] = [1, 2].map((processes) => continueInPyTorch(samples, processes));
const golden = Object.fromEntries(
  names.map((name, i) => [name, { oneProcess: one![i]!.scalars, twoProcesses: two![i]!.scalars }]),
);
const file = join(import.meta.dirname, "../src/worker/export/testing/clusterGolden.json");
writeFileSync(file, `${JSON.stringify(golden, null, 2)}\n`);
console.log(`Wrote ${file}`);
