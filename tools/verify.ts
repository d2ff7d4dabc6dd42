/**
 * Compares what this program computes with what another implementation did:
 *
 *     npm run verify -- <folder> [--backend cpu,wasm,webgl,webgpu] [--only TEXT] [--failures]
 *
 * Every fixture in the folder is run on every backend asked for, cpu in Node, the others in a browser. Exit code 0:
 * all passed; 1: a check failed or a fixture was not understood; 2: nothing could be run.
 */
import { existsSync, readFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { parseArgs } from "node:util";
import type { BackendName } from "../src/contract/backend.ts";
import { failed, type CheckRow } from "../verify/checkRow.ts";
import { runFixture } from "../verify/runFixture.ts";
import { findManifests, readFixture } from "./goldenFixtures.ts";
import { useNodeBackend } from "./nodeBackends.ts";
import { BrowserVerifier } from "./verify/browserVerifier.ts";
import { formatRow, summarise, type Tally } from "./verify/report.ts";

const usage = `Usage: npm run verify -- <folder> [--backend cpu,wasm,webgl,webgpu] [--only TEXT] [--failures]
  <folder>    fixtures: <name>.json with <name>.safetensors, in sub-folders
  --backend   where to compute; default cpu,wasm
  --only      only fixtures whose name contains TEXT
  --failures  print only the checks that failed`;

const backendNames: readonly BackendName[] = ["cpu", "wasm", "webgl", "webgpu"];

interface Job {
  readonly folder: string;
  readonly backends: readonly BackendName[];
  readonly manifests: readonly string[];
  readonly onlyFailures: boolean;
}

function readJob(): Job {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      backend: { type: "string", default: "cpu,wasm" },
      only: { type: "string", default: "" },
      failures: { type: "boolean", default: false },
    },
  });
  const [given, ...more] = positionals;
  if (given === undefined || more.length > 0) throw new Error(usage);
  const folder = resolve(given);
  if (!existsSync(folder)) throw new Error(`There is no folder ${folder}.`);
  const backends = values.backend.split(",").map((name) => {
    const known = backendNames.find((backend) => backend === name.trim());
    if (known === undefined)
      throw new Error(`“${name}” is not a backend; there are ${backendNames.join(", ")}.`);
    return known;
  });
  const manifests = findManifests(folder).filter((path) => relative(folder, path).includes(values.only));
  if (manifests.length === 0) throw new Error(`${folder} holds no fixtures (<name>.json).`);
  const absent = listedFixtures(folder).filter((name) => !existsSync(join(folder, `${name}.json`)));
  if (absent.length > 0)
    throw new Error(`index.json lists fixtures that are not there: ${absent.join(", ")}.`);
  return { folder, backends: [...new Set(backends)], manifests, onlyFailures: values.failures };
}

/** What the folder's index.json says is in it; nothing when there is none. */
function listedFixtures(folder: string): readonly string[] {
  const path = join(folder, "index.json");
  if (!existsSync(path)) return [];
  const index = JSON.parse(readFileSync(path, "utf8")) as { fixtures?: readonly { fixture: string }[] };
  return (index.fixtures ?? []).map(({ fixture }) => fixture);
}

/** Something that compares one fixture. */
type Verifier = (manifestPath: string) => Promise<CheckRow[]>;

const nameOf = (job: Job, manifestPath: string): string =>
  relative(job.folder, manifestPath).replace(/\.json$/, "");

async function verifyOn(job: Job, backend: BackendName): Promise<Tally> {
  if (backend === "cpu") {
    await useNodeBackend("cpu");
    console.log(`\ncpu: Node ${process.versions.node}`);
    return runAll(job, backend, async (path) => runFixture(readFixture(path, job.folder)));
  }
  await using browser = await BrowserVerifier.open(job.folder, backend);
  console.log(`\n${backend}: ${browser.adapter}`);
  return await runAll(job, backend, (path) => browser.run(path, nameOf(job, path)));
}

async function runAll(job: Job, backend: BackendName, verify: Verifier): Promise<Tally> {
  const tally: Tally = { backend, fixtures: 0, checks: 0, failures: 0 };
  for (const path of job.manifests) {
    const started = performance.now();
    const rows = await verify(path).catch((error: unknown) => [failed("fixture", String(error))]);
    const failures = rows.filter((row) => !row.passed);
    tally.fixtures++;
    tally.checks += rows.length;
    tally.failures += failures.length;
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    const verdict = failures.length === 0 ? "pass" : `FAIL (${failures.length} of ${rows.length})`;
    console.log(`${verdict}  ${backend}  ${nameOf(job, path)}  ${rows.length} checks, ${seconds} s`);
    for (const row of job.onlyFailures ? failures : rows) console.log(`    ${formatRow(row)}`);
  }
  return tally;
}

async function main(): Promise<number> {
  const job = readJob();
  const tallies: Tally[] = [];
  for (const backend of job.backends) {
    try {
      tallies.push(await verifyOn(job, backend));
    } catch (error) {
      console.error(
        `${backend} could not be used: ${error instanceof Error ? error.message : String(error)}`,
      );
      tallies.push({ backend, fixtures: 0, checks: 0, failures: 1 });
    }
  }
  console.log(`\n${summarise(tallies)}`);
  return tallies.some(({ failures }) => failures > 0) ? 1 : 0;
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 2;
}
