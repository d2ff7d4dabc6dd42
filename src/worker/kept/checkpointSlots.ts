import { readRunCheckpoint, type RunCheckpoint } from "../../formats/runCheckpoint.ts";
import type { KeptCheckpoint } from "../../contract/keptRun.ts";
import { z } from "../../formats/zod.ts";
import { hex, sha256 } from "../../lib/sha256.ts";
import type { FileStore } from "./fileStore.ts";

/**
 * A run's checkpoints: two files in turn, and a manifest that says which holds. The file that is written is never the one
 * that holds, and the manifest changes when it is whole, so a crash at any moment leaves the last good one.
 */

const manifestEnding = ".checkpoint.json";
const slots = ["a", "b"] as const;
type Slot = (typeof slots)[number];

const count = z.int().nonnegative();
const entrySchema = z.object({
  slot: z.enum(slots),
  bytes: count,
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  step: count,
  totalSteps: count,
  savedAt: z.string(),
  dataFingerprint: z.string(),
  teacherHash: z.string().nullable(),
});
type Entry = z.infer<typeof entrySchema>;
/** The one that holds, and the one before. */
const manifestSchema = z.object({ version: z.literal(1), entries: z.array(entrySchema).min(1).max(2) });

export function checkpointNames(runId: string): readonly string[] {
  return [manifestName(runId), ...slots.map((slot) => slotName(runId, slot))];
}

/** Whose manifest a file is; null for any other file. */
export function runIdOfCheckpoint(name: string): string | null {
  return name.endsWith(manifestEnding) ? name.slice(0, -manifestEnding.length) : null;
}

function manifestName(runId: string): string {
  return `${runId}${manifestEnding}`;
}

function slotName(runId: string, slot: Slot): string {
  return `${runId}.checkpoint-${slot}`;
}

/** @throws AppError "storage-failed" when there is no room; the one before still holds then. */
export async function writeCheckpoint(
  files: FileStore,
  { facts }: RunCheckpoint,
  bytes: Uint8Array<ArrayBuffer>,
): Promise<void> {
  const { runId, step, totalSteps, savedAt, dataFingerprint, teacherHash } = facts;
  const before = await readManifest(files, runId);
  const slot: Slot = before[0]?.slot === "a" ? "b" : "a";
  const sha256 = await hashOf(bytes);
  await files.write(slotName(runId, slot), [bytes]);
  const entry: Entry = {
    slot,
    bytes: bytes.length,
    sha256,
    step,
    totalSteps,
    savedAt,
    dataFingerprint,
    teacherHash,
  };
  const manifest = { version: 1, entries: [entry, ...before.slice(0, 1)] };
  await files.replace(manifestName(runId), new TextEncoder().encode(JSON.stringify(manifest)));
}

/** Leaves the one that holds. */
export async function removeOlderSlot(files: FileStore, runId: string): Promise<void> {
  const [latest] = await readManifest(files, runId);
  if (latest === undefined) return;
  for (const slot of slots) if (slot !== latest.slot) await files.remove(slotName(runId, slot));
}

/** What the last checkpoint is of, without reading it. */
export async function describeCheckpoint(files: FileStore, runId: string): Promise<KeptCheckpoint | null> {
  const [latest] = await readManifest(files, runId);
  if (latest !== undefined) {
    const { step, totalSteps, savedAt, dataFingerprint, teacherHash } = latest;
    return { step, totalSteps, savedAt, dataFingerprint, teacherHash };
  }
  return (await readCheckpoint(files, runId))?.facts ?? null;
}

/** The last checkpoint that is whole; null when there is none. */
export async function readCheckpoint(files: FileStore, runId: string): Promise<RunCheckpoint | null> {
  for (const { slot, bytes, sha256 } of await readManifest(files, runId)) {
    const content = await files.read(slotName(runId, slot));
    if (content?.length !== bytes || (await hashOf(content)) !== sha256) continue;
    const checkpoint = parse(content, runId);
    if (checkpoint !== null) return checkpoint;
  }
  // The manifest is gone or torn: whatever can be read and is of the latest step.
  let best: RunCheckpoint | null = null;
  for (const slot of slots) {
    const content = await files.read(slotName(runId, slot));
    const checkpoint = content === null ? null : parse(content, runId);
    if (checkpoint !== null && checkpoint.facts.step > (best?.facts.step ?? -1)) best = checkpoint;
  }
  return best;
}

function parse(bytes: Uint8Array<ArrayBuffer>, runId: string): RunCheckpoint | null {
  try {
    const checkpoint = readRunCheckpoint(bytes);
    return checkpoint.facts.runId === runId ? checkpoint : null;
  } catch {
    return null; // torn
  }
}

async function readManifest(files: FileStore, runId: string): Promise<readonly Entry[]> {
  const bytes = await files.read(manifestName(runId));
  if (bytes === null) return [];
  try {
    return manifestSchema.parse(JSON.parse(new TextDecoder().decode(bytes))).entries;
  } catch {
    return [];
  }
}

async function hashOf(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return hex(await sha256(bytes));
}
