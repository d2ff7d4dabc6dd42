/**
 * Makes the bundled teacher: MoCo-v2 (this project's own) on the built-in demo set, in the page itself.
 *
 *     npm run bundled-teacher [-- --set steps=500]
 *
 * The recipe is `teacher.json` beside this file; the result is `src/worker/bundledTeacher/teacher.safetensors` in
 * half precision with a card of how it was made, next to it. Same seed and same backend give the same teacher.
 */
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { readSafetensors, writeSafetensors } from "../../src/formats/safetensors.ts";

const root = resolve(import.meta.dirname, "../..");
const target = join(root, "src/worker/bundledTeacher");
const out = join(root, "out/pretrain");

const recipe = join(import.meta.dirname, "teacher.json");
const job = ["--data", "demo", "--teacher", "none", "--backend", "wasm", "--config", recipe, "--out", out];
execFileSync(
  process.execPath,
  ["--import", "tsx", join(root, "tools/train.ts"), ...job, ...process.argv.slice(2)],
  {
    stdio: "inherit",
    cwd: root,
  },
);

const trained = readSafetensors(new Uint8Array(readFileSync(join(out, "student.safetensors"))));
const tensors = [...trained.tensors.values()].map((tensor) => ({
  name: tensor.name,
  shape: tensor.shape,
  values: tensor.toFloat32(),
  dtype: tensor.dtype === "int64" ? ("int64" as const) : ("float16" as const),
}));
const metadata = Object.fromEntries(trained.metadata);
const bytes = writeSafetensors(tensors, metadata);
writeFileSync(join(target, "teacher.safetensors"), bytes);

const run = JSON.parse(readFileSync(join(out, "run.json"), "utf8")) as {
  config: unknown;
  backend: string;
  dataFingerprint: string;
  metrics: { baseline: unknown; evaluations: unknown[]; elapsedMs: number };
};
const card = {
  what: "MoCo-v2 on the built-in demo set, made by `npm run bundled-teacher`",
  bytes: bytes.length,
  config: run.config,
  backend: run.backend,
  dataFingerprint: run.dataFingerprint,
  minutes: Math.round(run.metrics.elapsedMs / 60_000),
  baseline: run.metrics.baseline,
  evaluations: run.metrics.evaluations,
};
writeFileSync(join(target, "teacher.json"), `${JSON.stringify(card, null, 2)}\n`);
console.log(`Wrote ${join(target, "teacher.safetensors")} (${(bytes.length / 1e6).toFixed(2)} MB).`);
