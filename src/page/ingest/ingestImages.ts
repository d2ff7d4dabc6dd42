import { isRefusal, type DecodedImage, type Refusal } from "../../contract/decode.ts";
import type { DatasetSummary, Reject } from "../../contract/dataset.ts";
import { AppError } from "../../contract/errors.ts";
import type { ImageRow } from "../../contract/parquet.ts";
import type { Engine } from "../../contract/protocol.ts";
import type { Collected } from "./collectFiles.ts";
import { jobsPerWorker, type DecodePool } from "./decodePool.ts";
import {
  labelFolders,
  labelsThatCount,
  sortByPath,
  type LabelLevel,
  type LabelLevelName,
  type LabelReading,
} from "./imagePaths.ts";
import type { Candidate } from "./listCandidates.ts";
import { chooseStoreSize, imagesThatFit } from "./storeSize.ts";

export interface IngestProgress {
  /** "drawing" is the built-in demo's. */
  readonly task: "listing" | "measuring" | "decoding" | "sealing" | "drawing";
  /** Files looked at, of all there are. */
  readonly done: number;
  readonly total: number;
  readonly accepted: number;
  readonly rejected: number;
  readonly filesPerSecond: number;
  /** null until it can be told. */
  readonly secondsLeft: number | null;
}

export interface Ingested {
  readonly summary: DatasetSummary;
  readonly rejects: readonly Reject[];
  /** As in `LabelReading`. */
  readonly levels: readonly LabelLevel[];
  readonly notes: readonly string[];
}

export interface IngestOptions {
  /** Side of the views the networks will see; decides how large images are stored. Read when that is decided. */
  readonly viewSize: number;
  /** By which folders images are labelled, where there is a choice. */
  readonly labelLevel?: LabelLevelName;
  /** Called when all files are listed, with the checkpoints among them. */
  readonly onCheckpoints?: (checkpoints: readonly File[]) => void;
  readonly signal: AbortSignal;
  /** At most ten times a second. */
  readonly onProgress: (progress: IngestProgress) => void;
  /** Called once, when the engine's former images are about to go. */
  readonly onReplace: () => void;
}

const blockImages = 256;
const blockBytes = 8 * 1024 * 1024;
/** Images whose headers are read to choose the store's size. */
const measuredImages = 64;
/** Held until the store's size is chosen. */
const mostSampleBytes = 32 * 1024 * 1024;

/** Images in an order that is always the same. */
interface Supply {
  readonly name: string;
  readonly total: number;
  /** Some of them, whose sizes decide how large all are stored. */
  readonly sample: readonly Candidate[];
  readonly candidates: Iterable<Candidate> | AsyncIterable<Candidate>;
  readonly labelsOf: (groups: readonly Group[]) => LabelReading;
}

interface Group {
  readonly group: string;
  /** Usable ones. */
  readonly images: number;
}

/**
 * Reads files, folders and zips into the engine's image store.
 *
 * The order in the store is that of the paths, whatever the decoders' speed, so the same files give the same
 * fingerprint. At most a few files per decoder are under way and one block waits for the engine, so memory stays
 * bounded. The engine's former images stay until the first new one is ready.
 *
 * @throws AppError "dataset-too-small" when not one image is usable; "cancelled".
 */
export function ingestImages(
  engine: Engine,
  collected: Collected,
  pool: DecodePool,
  options: IngestOptions,
): Promise<Ingested> {
  const rejects: Reject[] = [...collected.rejects];
  const { signal, labelLevel: level } = options;
  return ingest(engine, pool, options, rejects, async (report) => {
    report("listing", 0, collected.files.length, 0);
    // Brings the readers of file kinds along, which the first paint does not need.
    const { listCandidates } = await import("./listCandidates.ts");
    const { candidates, archives, checkpoints } = await listCandidates(
      collected.files,
      pool,
      rejects,
      signal,
    );
    options.onCheckpoints?.(checkpoints);
    const stride = Math.max(1, Math.ceil(candidates.length / measuredImages));
    return {
      name: collected.name,
      total: candidates.length,
      sample: candidates.filter((_, i) => i % stride === 0),
      candidates,
      labelsOf: (groups) =>
        labelFolders(
          groups.map(({ group, images }) => ({ path: group, images })),
          { archives, ...(level === undefined ? {} : { level }) },
        ),
    };
  });
}

/** The images of a table, as they come. */
export interface ImageTable {
  readonly name: string;
  /** How many rows there will be. */
  readonly images: number;
  readonly rows: AsyncGenerator<ImageRow, void>;
}

/**
 * Reads the rows of a table into the engine's image store, in their order.
 *
 * @throws AppError as `ingestImages`, and whatever keeps the rows from coming.
 */
export function ingestTable(
  engine: Engine,
  { name, images, rows }: ImageTable,
  pool: DecodePool,
  options: IngestOptions,
): Promise<Ingested> {
  return ingest(engine, pool, options, [], async (report) => {
    report("listing", 0, images, 0);
    const sample: Candidate[] = [];
    let sampleBytes = 0;
    while (sample.length < measuredImages && sampleBytes < mostSampleBytes) {
      const { done, value } = await rows.next();
      if (done === true) break;
      sampleBytes += value.bytes?.length ?? 0;
      sample.push(candidateOf(value));
    }
    return {
      name,
      total: images,
      sample,
      candidates: chain(sample, rows),
      labelsOf: (groups) => ({
        labels: labelsThatCount(groups.map(({ group, images: count }) => ({ label: group, images: count }))),
        levels: [],
        notes: [],
      }),
    };
  });
}

function candidateOf({ path, bytes, label }: ImageRow): Candidate {
  return { path, group: label, source: bytes === null ? null : { kind: "bytes", bytes } };
}

/** Each of the sample is let go as it is handed on. */
async function* chain(sample: Candidate[], rows: AsyncIterable<ImageRow>): AsyncGenerator<Candidate, void> {
  for (let next = sample.shift(); next !== undefined; next = sample.shift()) yield next;
  for await (const row of rows) yield candidateOf(row);
}

async function ingest(
  engine: Engine,
  pool: DecodePool,
  options: IngestOptions,
  rejects: Reject[],
  listSupply: (report: Report) => Promise<Supply>,
): Promise<Ingested> {
  const { signal } = options;
  const report = createReporter(options, rejects);
  signal.addEventListener("abort", pool.close, { once: true });
  let store: StoreWriter | null = null;
  try {
    signal.throwIfAborted();
    const supply = await listSupply(report);
    const { name, total, labelsOf } = supply;
    const size = await chooseSize(supply, pool, options, report);
    store = createStoreWriter(engine, size, options);
    await decodeAll(supply, size, pool, store, rejects, signal, report);
    if (store.count() === 0) {
      const { nothingUsable } = await import("./nothingUsable.ts"); // seldom needed
      throw nothingUsable(name, total, rejects);
    }
    report("sealing", total, total, store.count());
    const sealed = await store.seal(name, labelsOf);
    return { ...sealed, rejects: sortByPath(rejects) };
  } catch (error) {
    await store?.discard();
    if (signal.aborted) throw new AppError("cancelled", "Reading the images was cancelled.");
    throw error;
  } finally {
    signal.removeEventListener("abort", pool.close);
  }
}

async function decodeAll(
  { candidates, total }: Supply,
  size: number,
  pool: DecodePool,
  store: StoreWriter,
  rejects: Reject[],
  signal: AbortSignal,
  report: Report,
): Promise<void> {
  const pathOfDigest = new Map<string, string>();
  const room = imagesThatFit(size);
  let done = 0;
  for await (const { path, group, result } of decodeInOrder(candidates, pool, size)) {
    signal.throwIfAborted();
    done++;
    if (isRefusal(result)) {
      rejects.push({ path, ...result });
    } else if (pathOfDigest.has(result.digest)) {
      const message = `the same file as ${pathOfDigest.get(result.digest) ?? ""}`;
      rejects.push({ path, reason: "duplicate", message });
    } else if (store.count() >= room) {
      const message = `${room} images of ${size} × ${size} pixels fill the memory set aside for them`;
      rejects.push({ path, reason: "over-limit", message });
    } else {
      pathOfDigest.set(result.digest, path);
      await store.add(path, group, result.pixels);
    }
    report("decoding", done, total, store.count());
  }
}

async function chooseSize(
  { sample, total }: Supply,
  pool: DecodePool,
  options: IngestOptions,
  report: Report,
): Promise<number> {
  let done = 0;
  const measured = await Promise.all(
    sample.map(async ({ source }) => {
      const result = source === null ? noImage : await orRefusal(pool.request("measure", { source }));
      report("measuring", ++done, sample.length, 0);
      return result;
    }),
  );
  options.signal.throwIfAborted();
  const shortSides = measured.flatMap((size) => (isRefusal(size) ? [] : [Math.min(size.width, size.height)]));
  return chooseStoreSize(options.viewSize, shortSides, total);
}

const noImage: Refusal = { reason: "not-an-image", message: "the row holds no image" };

interface Decoded {
  readonly path: string;
  readonly group: string;
  readonly result: DecodedImage | Refusal;
}

/** Several images are decoded at a time, but handed on in order. */
async function* decodeInOrder(
  candidates: Supply["candidates"],
  pool: DecodePool,
  size: number,
): AsyncGenerator<Decoded, void> {
  const underWay: { path: string; group: string; result: Promise<DecodedImage | Refusal> }[] = [];
  const window = pool.workers * (jobsPerWorker + 2);
  const first = async (): Promise<Decoded | null> => {
    const next = underWay.shift();
    return next === undefined ? null : { ...next, result: await next.result };
  };
  for await (const { path, group, source } of candidates) {
    const result =
      source === null ? Promise.resolve(noImage) : orRefusal(pool.request("decode", { source, size }));
    result.catch(() => undefined); // if it fails before its turn; it is awaited below
    underWay.push({ path, group, result });
    if (underWay.length < window) continue;
    const decoded = await first();
    if (decoded !== null) yield decoded;
  }
  for (let decoded = await first(); decoded !== null; decoded = await first()) yield decoded;
}

/** A decoder that crashed over one file is that file's fault, not the end. */
async function orRefusal<T>(answer: Promise<T>): Promise<T | Refusal> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof AppError && error.code !== "cancelled" && error.code !== "network-failed") {
      return { reason: "corrupt", message: error.message };
    }
    throw error;
  }
}

interface StoreWriter {
  count(): number;
  add(path: string, group: string, pixels: Uint8Array): Promise<void>;
  seal(name: string, labelsOf: Supply["labelsOf"]): Promise<Omit<Ingested, "rejects">>;
  /** Leaves the engine without images if the former ones are gone already. */
  discard(): Promise<void>;
}

/**
 * Gathers images into blocks and sends them on.
 *
 * Labels can be told only when all is read, so an image's class is at first the number of its group; sealing
 * says which group has which label.
 */
function createStoreWriter(engine: Engine, size: number, { onReplace }: IngestOptions): StoreWriter {
  const imageBytes = size * size * 3;
  const capacity = Math.max(1, Math.min(blockImages, Math.floor(blockBytes / imageBytes)));
  const mostGroups = 32_767; // classes are 16-bit
  const groups = new Map<string, { index: number; images: number }>();
  let pixels = new Uint8Array(capacity * imageBytes);
  let classes: number[] = [];
  let names: string[] = [];
  let count = 0;
  let unlabelled = 0;
  let cleared = false;
  let sending: Promise<unknown> = Promise.resolve();

  const send = async (): Promise<void> => {
    if (names.length === 0) return;
    await sending;
    const block = {
      size,
      pixels: names.length === capacity ? pixels : pixels.slice(0, names.length * imageBytes),
      classes: Int16Array.from(classes),
      names,
    };
    pixels = new Uint8Array(capacity * imageBytes);
    classes = [];
    names = [];
    if (!cleared) {
      onReplace();
      cleared = true;
      await engine.request("clearImages", { size });
    }
    sending = engine.request("addImages", block);
    sending.catch(() => undefined); // awaited with the next block or when sealing
  };

  return {
    count: () => count,
    async add(path, group, image) {
      let entry = groups.get(group);
      if (entry === undefined && groups.size < mostGroups) {
        entry = { index: groups.size, images: 0 };
        groups.set(group, entry);
      }
      if (entry !== undefined) entry.images++;
      else unlabelled++;
      pixels.set(image, names.length * imageBytes);
      classes.push(entry?.index ?? -1);
      names.push(path);
      count++;
      if (names.length === capacity) await send();
    },
    async seal(name, labelsOf) {
      await send();
      await sending;
      const { labels, levels, notes } = labelsOf(
        [...groups].map(([group, { images }]) => ({ group, images })),
      );
      const summary = await engine.request("sealImages", { name, labels });
      const crowded = `There are more than ${mostGroups} labels; images of further ones count as unlabelled.`;
      return { summary, levels, notes: unlabelled === 0 ? notes : [...notes, crowded] };
    },
    async discard() {
      await sending.catch(() => undefined);
      if (cleared) await engine.request("clearImages", { size }).catch(() => undefined);
    },
  };
}

type Report = (task: IngestProgress["task"], done: number, total: number, accepted: number) => void;

function createReporter({ onProgress }: IngestOptions, rejects: readonly Reject[]): Report {
  const leastMs = 100;
  let task = "";
  let startedMs = 0;
  let reportedMs = 0;
  return (nextTask, done, total, accepted) => {
    const nowMs = performance.now();
    if (nextTask !== task) {
      task = nextTask;
      startedMs = nowMs;
    } else if (nowMs - reportedMs < leastMs) {
      return;
    }
    reportedMs = nowMs;
    const seconds = (nowMs - startedMs) / 1000;
    const filesPerSecond = seconds > 0 ? done / seconds : 0;
    const secondsLeft = seconds > 0.5 && filesPerSecond > 0 ? (total - done) / filesPerSecond : null;
    onProgress({
      task: nextTask,
      done,
      total,
      accepted,
      rejected: rejects.length,
      filesPerSecond,
      secondsLeft,
    });
  };
}
