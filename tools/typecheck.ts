/** Checks the types of every zone and tells of all that is wrong, not only of the first zone: `npm run typecheck`. */
import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { availableParallelism } from "node:os";
import { repositoryRoot } from "./build.ts";

/** Each with its own idea of what exists (no DOM in the mathematics), so each is a compilation of its own. */
const projects = [
  "tsconfig.tests.json",
  "tsconfig.json",
  "src/page",
  "src/worker",
  "src/serviceWorker",
  "src/ml",
  "src/formats",
  "src/contract",
  "src/lib",
  "verify",
];

const compiler = createRequire(import.meta.url).resolve("typescript/bin/tsc");

function check(project: string): Promise<boolean> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [compiler, "-p", project], {
      cwd: repositoryRoot,
      stdio: "inherit",
    });
    child.on("error", () => resolve(false));
    child.on("exit", (code) => {
      if (code !== 0) console.log(`✗ ${project}`);
      resolve(code === 0);
    });
  });
}

const waiting = [...projects];
let failed = 0;
async function work(): Promise<void> {
  for (let project = waiting.shift(); project !== undefined; project = waiting.shift())
    if (!(await check(project))) failed += 1;
}
await Promise.all(Array.from({ length: Math.min(availableParallelism(), 4) }, work));
console.log(`${projects.length - failed} of ${projects.length} zones have sound types`);
process.exitCode = failed === 0 ? 0 : 1;
