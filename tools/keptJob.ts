/** What lies beside a headless run's results until it has finished, so that `--resume` can go on with it. */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { z } from "../src/formats/zod.ts";
import { UsageError } from "./trainArguments.ts";

const schema = z.object({
  args: z.array(z.string()),
  /** What relative paths among them are relative to. */
  workingFolder: z.string(),
  /** The browser keeps runs by the address they were begun at. */
  port: z.int().positive(),
});
type KeptJob = z.infer<typeof schema>;

function fileIn(folder: string): string {
  return join(folder, ".resume.json");
}

/** The browser's own folder, in which it keeps the run. */
export function profileIn(folder: string): string {
  return join(folder, ".browser");
}

/**
 * The folder after `--resume`; null without it.
 *
 * @throws UsageError when other options stand beside it: the run keeps those it began with.
 */
export function resumedFolder(args: readonly string[], workingFolder: string): string | null {
  const at = args.findIndex((arg) => arg === "--resume" || arg.startsWith("--resume="));
  if (at === -1) return null;
  const value =
    args[at]?.startsWith("--resume=") === true ? args[at].slice("--resume=".length) : args[at + 1];
  if (value === undefined || value === "" || value.startsWith("--"))
    throw new UsageError("--resume is given no folder: the one that was the run's --out");
  if (args.length > (args[at] === "--resume" ? 2 : 1))
    throw new UsageError("--resume stands alone: the run goes on with the options it began with");
  return resolve(workingFolder, value);
}

/** @throws UsageError when there is nothing to go on with. */
export function readKeptJob(folder: string): KeptJob {
  if (!existsSync(fileIn(folder)))
    throw new UsageError(
      `--resume ${folder}: there is no run in it that was broken off. One that has finished leaves nothing to go on with`,
    );
  try {
    return schema.parse(JSON.parse(readFileSync(fileIn(folder), "utf8")));
  } catch {
    throw new UsageError(`--resume ${folder}: ${fileIn(folder)} cannot be read. Start the run again`);
  }
}

export function writeKeptJob(folder: string, job: KeptJob): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(fileIn(folder), JSON.stringify(job));
}

/** Before a run begins, and after it has finished. */
export function forgetKeptJob(folder: string): void {
  rmSync(fileIn(folder), { force: true });
  rmSync(profileIn(folder), { recursive: true, force: true });
}
