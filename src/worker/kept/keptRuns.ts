import type { KeptList, KeptNumbers, KeptRun, KeptRunEntry } from "../../contract/keptRun.ts";
import { AppError } from "../../contract/errors.ts";
import { metricColumns, type MetricRows } from "../../contract/metrics.ts";
import { formatKeptRun, parseKeptRun, runIdPattern } from "../../formats/keptRun.ts";
import { writeRunCheckpoint, type RunCheckpoint } from "../../formats/runCheckpoint.ts";
import {
  checkpointNames,
  runIdOfCheckpoint,
  describeCheckpoint,
  readCheckpoint,
  removeOlderSlot,
  writeCheckpoint,
} from "./checkpointSlots.ts";
import type { FileStore } from "./fileStore.ts";
import { imagesPrefix, keptHash, teacherPrefix } from "./keptInputs.ts";

const recordEnding = ".record.json";
const metricsEnding = ".metrics";
const studentEnding = ".student.safetensors";

/**
 * The runs that are kept on this machine. Of each: a record, its metrics, its student, and while it may go on its
 * checkpoint. Whoever writes to a run holds its lock (`runLock.ts`).
 */
export class KeptRuns {
  constructor(readonly files: FileStore) {}

  /** @param isElsewhere whether another tab is at a run. */
  async list(isElsewhere: (runId: string) => boolean): Promise<KeptList> {
    const files = await this.files.list();
    const runs: KeptRunEntry[] = [];
    for (const { name } of files) {
      if (!name.endsWith(recordEnding)) continue;
      const runId = name.slice(0, -recordEnding.length);
      const record = await this.record(runId);
      if (record === null) continue;
      const own = files.filter((file) => file.name.startsWith(`${runId}.`));
      runs.push({
        record,
        checkpoint: await describeCheckpoint(this.files, runId),
        isElsewhere: isElsewhere(runId),
        hasStudent: own.some((file) => file.name === `${runId}${studentEnding}`),
        bytes: own.reduce((sum, { bytes }) => sum + bytes, 0),
      });
    }
    runs.sort((a, b) => a.record.startedAt.localeCompare(b.record.startedAt));
    const hashes = (prefix: string): readonly string[] =>
      files.flatMap(({ name }) => (name.startsWith(prefix) ? [keptHash(name, prefix)] : []));
    return { runs, images: hashes(imagesPrefix), teachers: hashes(teacherPrefix), place: this.files.place };
  }

  /** null when there is none, or what there is cannot be read. */
  async record(runId: string): Promise<KeptRun | null> {
    const bytes = await this.files.read(`${safe(runId)}${recordEnding}`);
    try {
      return bytes === null ? null : parseKeptRun(new TextDecoder().decode(bytes));
    } catch {
      return null; // torn, or of a later version
    }
  }

  async saveRecord(record: KeptRun): Promise<void> {
    const text = formatKeptRun(record);
    parseKeptRun(text); // what could not be read back is not written
    await this.files.replace(`${safe(record.runId)}${recordEnding}`, new TextEncoder().encode(text));
  }

  saveMetrics(runId: string, metrics: MetricRows): Promise<void> {
    return this.files.write(`${safe(runId)}${metricsEnding}`, [bytesOf(metrics)]);
  }

  saveStudent(runId: string, student: Uint8Array<ArrayBuffer>): Promise<void> {
    return this.files.write(`${safe(runId)}${studentEnding}`, [student]);
  }

  /** Of a run that has not ended, as of its last checkpoint. */
  async numbers(runId: string): Promise<KeptNumbers> {
    const rows = await this.files.read(`${safe(runId)}${metricsEnding}`);
    const student = await this.files.read(`${runId}${studentEnding}`);
    const ended = rows === null ? new Float32Array() : readRows(rows);
    const checkpointed = (await this.checkpoint(runId))?.metrics ?? new Float32Array();
    const metrics = ended.length >= checkpointed.length ? ended : checkpointed; // it may have gone on since
    return { metrics, student };
  }

  saveCheckpoint(checkpoint: RunCheckpoint, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    safe(checkpoint.facts.runId);
    return writeCheckpoint(this.files, checkpoint, bytes);
  }

  /** A run from elsewhere gets a checkpoint of its own, under its name here. */
  async adoptCheckpoint(runId: string, { facts, ...rest }: RunCheckpoint): Promise<void> {
    const own = { ...rest, facts: { ...facts, runId } };
    await this.saveCheckpoint(own, writeRunCheckpoint(own));
  }

  checkpoint(runId: string): Promise<RunCheckpoint | null> {
    return readCheckpoint(this.files, safe(runId));
  }

  async dropCheckpoint(runId: string): Promise<void> {
    for (const name of checkpointNames(safe(runId))) await this.files.remove(name);
  }

  /** Of a run that is over the last checkpoint is enough. */
  settleCheckpoint(runId: string): Promise<void> {
    return removeOlderSlot(this.files, safe(runId));
  }

  /** Deletes images and teachers that no checkpoint needs. */
  async sweep(): Promise<void> {
    const files = await this.files.list();
    const needed = new Set<string>();
    for (const { name } of files) {
      const runId = runIdOfCheckpoint(name);
      const checkpoint = runId === null ? null : await describeCheckpoint(this.files, runId);
      if (checkpoint === null) continue;
      needed.add(`${imagesPrefix}${checkpoint.dataFingerprint}`);
      if (checkpoint.teacherHash !== null) needed.add(`${teacherPrefix}${checkpoint.teacherHash}`);
    }
    for (const { name } of files) {
      const isInput = name.startsWith(imagesPrefix) || name.startsWith(teacherPrefix);
      if (isInput && !needed.has(name.slice(0, name.lastIndexOf(".")))) await this.files.remove(name);
    }
  }

  /** The record last, so that what is broken off is found again and not left for ever. */
  async delete(runId: string): Promise<void> {
    await this.dropCheckpoint(runId);
    for (const ending of [metricsEnding, studentEnding, recordEnding])
      await this.files.remove(`${runId}${ending}`);
  }
}

/** Ids come from outside, too; what is no id is the name of nothing. */
function safe(runId: string): string {
  if (!runIdPattern.test(runId)) throw new AppError("not-found", "There is no such run");
  return runId;
}

function bytesOf(rows: MetricRows): Uint8Array<ArrayBuffer> {
  return new Uint8Array(rows.buffer, rows.byteOffset, rows.byteLength);
}

/** Whole rows; of a file cut off those there are. */
function readRows({ buffer, length }: Uint8Array<ArrayBuffer>): MetricRows {
  const rows = Math.floor(length / (metricColumns.length * 4));
  return new Float32Array(buffer, 0, rows * metricColumns.length);
}
