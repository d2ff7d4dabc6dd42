import { isRefusal, type DecodedImage, type ImageSource, type Refusal } from "../../contract/decode.ts";
import type { DatasetSummary, Reject } from "../../contract/dataset.ts";
import { AppError } from "../../contract/errors.ts";
import type { Engine } from "../../contract/protocol.ts";
import type { Collected, CollectedFile } from "./collectFiles.ts";
import { jobsPerWorker, type DecodePool } from "./decodePool.ts";
import { folderOf, isJunkPath, labelFolders, sortByPath } from "./imagePaths.ts";
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
}

export interface IngestOptions {
  /** Side of the views the networks will see; decides how large images are stored. */
  readonly viewSize: number;
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
const mostFiles = 200_000;

interface Candidate {
  readonly path: string;
  readonly source: ImageSource;
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
export async function ingestImages(
  engine: Engine,
  collected: Collected,
  pool: DecodePool,
  options: IngestOptions,
): Promise<Ingested> {
  const { signal } = options;
  const rejects: Reject[] = [...collected.rejects];
  const report = createReporter(options, rejects);
  signal.addEventListener("abort", pool.close, { once: true });
  let store: StoreWriter | null = null;
  try {
    signal.throwIfAborted();
    report("listing", 0, collected.files.length, 0);
    const candidates = await listCandidates(collected.files, pool, rejects, signal);
    const size = await chooseSize(candidates, pool, options, report);
    store = createStoreWriter(engine, size, options);
    await decodeAll(candidates, size, pool, store, rejects, signal, report);
    if (store.count() === 0) throw nothingUsable(collected, rejects);
    report("sealing", candidates.length, candidates.length, store.count());
    const summary = await store.seal(collected.name);
    return { summary, rejects: sortByPath(rejects) };
  } catch (error) {
    await store?.discard();
    if (signal.aborted) throw new AppError("cancelled", "Reading the images was cancelled.");
    throw error;
  } finally {
    signal.removeEventListener("abort", pool.close);
  }
}

async function decodeAll(
  candidates: readonly Candidate[],
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
  for await (const { path, result } of decodeInOrder(candidates, pool, size)) {
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
      await store.add(path, result.pixels);
    }
    report("decoding", done, candidates.length, store.count());
  }
}

/** Every file that may be an image, zips opened, in the order of their paths. */
async function listCandidates(
  files: readonly CollectedFile[],
  pool: DecodePool,
  rejects: Reject[],
  signal: AbortSignal,
): Promise<Candidate[]> {
  const candidates: Candidate[] = [];
  for (const { path, file } of files) {
    signal.throwIfAborted();
    if (isJunkPath(path)) continue;
    if (isZip(file)) candidates.push(...(await listZip(path, file, pool, rejects)));
    else candidates.push({ path, source: { kind: "file", file } });
  }
  const sorted = sortByPath(candidates);
  for (const { path } of sorted.splice(mostFiles)) {
    rejects.push({ path, reason: "over-limit", message: `more than ${mostFiles} files` });
  }
  return sorted;
}

function isZip(file: File): boolean {
  return (
    /\.zip$/i.test(file.name) ||
    file.type === "application/zip" ||
    file.type === "application/x-zip-compressed"
  );
}

async function listZip(path: string, zip: File, pool: DecodePool, rejects: Reject[]): Promise<Candidate[]> {
  try {
    const { entries, refused } = await pool.request("listZip", { zip });
    for (const { path: entry, reason } of refused) {
      if (!isJunkPath(entry))
        rejects.push({ path: `${path}/${entry}`, reason: "unreadable", message: reason });
    }
    return entries
      .filter((entry) => !isJunkPath(entry))
      .map((entry) => ({ path: `${path}/${entry}`, source: { kind: "entry", archive: path, zip, entry } }));
  } catch (error) {
    if (!(error instanceof AppError) || error.code === "cancelled" || error.code === "network-failed")
      throw error;
    const reason = error.code === "file-refused" ? "over-limit" : "corrupt";
    rejects.push({ path, reason, message: error.message });
    return [];
  }
}

async function chooseSize(
  candidates: readonly Candidate[],
  pool: DecodePool,
  { viewSize, signal }: IngestOptions,
  report: Report,
): Promise<number> {
  const stride = Math.max(1, Math.ceil(candidates.length / measuredImages));
  const sample = candidates.filter((_, i) => i % stride === 0);
  let done = 0;
  const measured = await Promise.all(
    sample.map(async ({ source }) => {
      const result = await orRefusal(pool.request("measure", { source }));
      report("measuring", ++done, sample.length, 0);
      return result;
    }),
  );
  signal.throwIfAborted();
  const shortSides = measured.flatMap((size) => (isRefusal(size) ? [] : [Math.min(size.width, size.height)]));
  return chooseStoreSize(viewSize, shortSides, candidates.length);
}

/** Several images are decoded at a time, but handed on in order. */
async function* decodeInOrder(
  candidates: readonly Candidate[],
  pool: DecodePool,
  size: number,
): AsyncGenerator<{ path: string; result: DecodedImage | Refusal }, void> {
  const underWay: { path: string; result: Promise<DecodedImage | Refusal> }[] = [];
  const window = pool.workers * (jobsPerWorker + 2);
  for (let next = 0; next < candidates.length || underWay.length > 0;) {
    while (next < candidates.length && underWay.length < window) {
      const { path, source } = candidates[next++] as Candidate;
      const result = orRefusal(pool.request("decode", { source, size }));
      result.catch(() => undefined); // if it fails before its turn; it is awaited below
      underWay.push({ path, result });
    }
    const first = underWay.shift();
    if (first !== undefined) yield { path: first.path, result: await first.result };
  }
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
  add(path: string, pixels: Uint8Array): Promise<void>;
  seal(name: string): Promise<DatasetSummary>;
  /** Leaves the engine without images if the former ones are gone already. */
  discard(): Promise<void>;
}

/**
 * Gathers images into blocks and sends them on.
 *
 * Labels can be told only when all is read, so an image's class is at first the number of its folder; sealing
 * says which folder has which label.
 */
function createStoreWriter(engine: Engine, size: number, { onReplace }: IngestOptions): StoreWriter {
  const imageBytes = size * size * 3;
  const capacity = Math.max(1, Math.min(blockImages, Math.floor(blockBytes / imageBytes)));
  const mostFolders = 32_767; // classes are 16-bit
  const folders = new Map<string, { index: number; images: number }>();
  let pixels = new Uint8Array(capacity * imageBytes);
  let classes: number[] = [];
  let names: string[] = [];
  let count = 0;
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
    async add(path, image) {
      const folder = folderOf(path);
      let entry = folders.get(folder);
      if (entry === undefined && folders.size < mostFolders) {
        entry = { index: folders.size, images: 0 };
        folders.set(folder, entry);
      }
      if (entry !== undefined) entry.images++;
      pixels.set(image, names.length * imageBytes);
      classes.push(entry?.index ?? -1);
      names.push(path);
      count++;
      if (names.length === capacity) await send();
    },
    async seal(name) {
      await send();
      await sending;
      const labels = labelFolders([...folders].map(([path, { images }]) => ({ path, images })));
      return engine.request("sealImages", { name, labels });
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

function nothingUsable(collected: Collected, rejects: readonly Reject[]): AppError {
  const what =
    collected.files.length === 0 ? "nothing to read" : `not one usable image among ${rejects.length} files`;
  return new AppError("dataset-too-small", `There is ${what} in ${JSON.stringify(collected.name)}`, {
    hint: "Drop a folder, a zip or files of JPEG, PNG, WebP, GIF, BMP or AVIF images.",
    details: sortByPath(rejects)
      .slice(0, 10)
      .map(({ path, message }) => `${path}: ${message}`),
  });
}
