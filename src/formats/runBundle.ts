import { settingNames } from "../contract/config.ts";
import { AppError } from "../contract/errors.ts";
import type { MetricRows } from "../contract/metrics.ts";
import { formatRunFile, type RunFile } from "../contract/runFile.ts";
import { longestName, longestNote } from "./keptRun.ts";
import { parseMetricsCsv } from "./metricsCsv.ts";
import { parseRunFile } from "./runFile.ts";
import { readRunCheckpoint, type RunCheckpoint } from "./runCheckpoint.ts";
import { openZip, writeZip, type ZipEntry } from "./zip.ts";
import { z } from "./zod.ts";

/** A run as one zip: what the single exports hold, and what the visitor called it. */
export interface RunBundle {
  readonly run: RunFile;
  readonly name: string;
  readonly note: string;
  readonly startedAt: string;
  readonly metrics: MetricRows;
  /** null without. */
  readonly student: Uint8Array<ArrayBuffer> | null;
  /** What it can go on from, of a run that comes from PyTorch; null without. */
  readonly checkpoint: Uint8Array<ArrayBuffer> | null;
}

const runName = "run.json";
const metricsName = "metrics.csv";
const studentName = "student.safetensors";
const aboutName = "about.json";
const checkpointName = "checkpoint.safetensors";

const limits = { entries: 100, entryBytes: 1024 ** 3, totalBytes: 2 * 1024 ** 3 } as const;

const aboutSchema = z.object({
  name: z.string().max(longestName),
  note: z.string().max(longestNote),
  startedAt: z.iso.datetime(),
});

/** @param metricsCsv the run's metrics as they are exported. */
export function writeRunBundle(
  { run, student, ...about }: Omit<RunBundle, "metrics" | "checkpoint">,
  metricsCsv: Uint8Array<ArrayBuffer>,
): Promise<Uint8Array<ArrayBuffer>> {
  const text = (content: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(content);
  const { name, note, startedAt } = about;
  return writeZip([
    { path: runName, bytes: text(formatRunFile(run)) },
    { path: aboutName, bytes: text(JSON.stringify({ name, note, startedAt })) },
    { path: metricsName, bytes: metricsCsv },
    ...(student === null ? [] : [{ path: studentName, bytes: student }]),
  ]);
}

/** @throws AppError what is missing in it or wrong. */
export async function readRunBundle(file: Blob): Promise<RunBundle> {
  const { entries } = await openZip(file, limits);
  const find = (name: string): ZipEntry | undefined => entries.find(({ path }) => path === name);
  const read = async (name: string): Promise<Uint8Array<ArrayBuffer>> => {
    const entry = find(name);
    if (entry === undefined)
      throw new AppError("file-unsupported", `This zip is no run of the playground: it has no ${name}.`, {
        hint: "Runs are exported under “Runs”.",
      });
    return entry.read();
  };
  const text = async (name: string): Promise<string> => new TextDecoder().decode(await read(name));
  const run = parseRunFile(await text(runName));
  const metrics = parseMetricsCsv(await text(metricsName));
  const about = find(aboutName) === undefined ? null : parseAbout(await text(aboutName));
  const student = find(studentName) === undefined ? null : await read(studentName);
  const checkpoint = find(checkpointName) === undefined ? null : await read(checkpointName);
  if (checkpoint !== null) refuseStrangers(run, readRunCheckpoint(checkpoint));
  const { name = "", note = "", startedAt = new Date(0).toISOString() } = about ?? {};
  return { run, name, note, startedAt, metrics, student, checkpoint };
}

/** @throws AppError when a run and a checkpoint beside it are not of one another. */
function refuseStrangers({ config, dataFingerprint, metrics }: RunFile, { facts }: RunCheckpoint): void {
  const differs = settingNames.find((name) => config[name] !== facts.config[name]);
  const what =
    differs !== undefined
      ? `${differs} is ${config[differs]} in one and ${facts.config[differs]} in the other`
      : dataFingerprint !== facts.dataFingerprint
        ? "they are of other images"
        : metrics.steps !== facts.step
          ? `one has ${metrics.steps} steps and the other ${facts.step}`
          : null;
  if (what === null) return;
  throw new AppError("file-unreadable", `${runName} and ${checkpointName} are not of one run: ${what}.`, {
    hint: "Take the zip as it was written.",
  });
}

function parseAbout(text: string): z.infer<typeof aboutSchema> | null {
  try {
    return aboutSchema.parse(JSON.parse(text));
  } catch {
    return null; // the name and the note are all that is lost
  }
}
