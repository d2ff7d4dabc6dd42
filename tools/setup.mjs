/**
 * Runs one of the tools (TypeScript), after installing what is missing. The only tool in plain JavaScript, since
 * on a fresh clone there is nothing else yet:
 *
 *     node tools/setup.mjs tools/start.ts --no-open
 */
import { spawn, spawnSync } from "node:child_process";
import { existsSync, readFileSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));

function requireNode() {
  const { engines } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const needed = engines.node.replace(/^>=/, "");
  const [major, minor] = process.versions.node.split(".").map(Number);
  const [neededMajor, neededMinor] = needed.split(".").map(Number);
  if (major > neededMajor || (major === neededMajor && minor >= neededMinor)) return;
  console.error(
    `Node ${needed} or newer is needed, this is ${process.versions.node}. See https://nodejs.org.`,
  );
  process.exit(1);
}

/** npm writes node_modules/.package-lock.json at the end of an install, so a half-finished one counts as missing. */
function dependenciesAreCurrent() {
  const installed = join(root, "node_modules", ".package-lock.json");
  return (
    existsSync(installed) && statSync(installed).mtimeMs >= statSync(join(root, "package-lock.json")).mtimeMs
  );
}

function installDependencies() {
  console.error("Installing dependencies (npm ci) …");
  const { status } = spawnSync("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"], {
    cwd: root,
    // ONNX Runtime for Node would fetch some hundred megabytes for NVIDIA GPUs from a host of its own.
    env: { ...process.env, ONNXRUNTIME_NODE_INSTALL: "skip" },
    // The tool's own output stays clean: whatever npm says goes to stderr.
    stdio: ["ignore", 2, 2],
    shell: process.platform === "win32",
  });
  if (status === 0) return;
  console.error(
    "npm ci failed; what it says stands above. With a network connection, `npm ci` should succeed.",
  );
  process.exit(1);
}

requireNode();
if (!dependenciesAreCurrent()) installDependencies();

const [tool, ...args] = process.argv.slice(2);
if (tool === undefined) process.exit(0);
// The working folder stays the caller's, so that relative paths among the arguments mean what they say.
const tsx = pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href;
const child = spawn(process.execPath, ["--import", tsx, join(root, tool), ...args], { stdio: "inherit" });
// Ctrl+C reaches the tool by itself, since it shares our terminal; we only wait for it to end.
process.on("SIGINT", () => {});
process.on("SIGTERM", () => child.kill("SIGTERM"));
child.on("exit", (code, signal) => process.exit(signal === null ? (code ?? 1) : 1));
