import { AppError } from "../../contract/errors.ts";
import type {
  CachedFile,
  DownloadedFile,
  DownloadOptions,
  DownloadProgress,
  HashBasis,
} from "../../contract/download.ts";
import { fileNameOf } from "../../contract/webAddress.ts";
import type { CacheEntry, FileCache, KeptFile } from "./fileCache.ts";
import { publishedFile } from "./publishedFile.ts";
import { receiveFile } from "./receiveFile.ts";
import { MemorySink } from "./sink.ts";

interface Downloading {
  readonly url: URL;
  readonly options: DownloadOptions;
  /** Null where the browser keeps no files. */
  readonly cache: FileCache | null;
  /** Files kept until the page is closed, by address. */
  readonly inMemory: Map<string, KeptFile>;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: DownloadProgress) => void;
}

const noRoom = "There is no room to keep this file on the machine; it is gone when the page is closed.";
const noStorage = "This browser keeps no files for pages; it is gone when the page is closed.";

/**
 * A file from the web, whole and checked: from this machine if it is here, else received.
 *
 * @throws AppError "hash-mismatch" when it is not the file that was meant, or not the one of the last time; or
 * what kept it from being received. Nothing of a file that is refused stays.
 */
export async function downloadFile(downloading: Downloading): Promise<DownloadedFile> {
  const { url, options, cache, inMemory } = downloading;
  const address = url.href;
  const kept = inMemory.get(address) ?? (await cache?.find(address)) ?? null;
  if (kept !== null && isMeant(kept.record.sha256, options.sha256)) {
    return { ...kept, basis: options.sha256 === null ? "recorded" : "given", fromCache: true, notes: [] };
  }
  const expected = await expectedHash(downloading);
  const received = await receive(downloading, (hash) => {
    if (!isMeant(hash, expected.hash)) throw wrongHash(fileNameOf(url), hash, expected);
  });
  await cache?.recordHash(address, received.record.sha256);
  if (received.record.place === "memory" && options.keep) inMemory.set(address, received);
  return { ...received, basis: expected.basis, fromCache: false };
}

interface Expected {
  /** Hex, all digits or the first few; null when nobody says. */
  readonly hash: string | null;
  readonly basis: HashBasis;
}

/** In this order: what the caller says, what the last download was, what the hub publishes. */
async function expectedHash({ url, options, cache, signal }: Downloading): Promise<Expected> {
  if (options.sha256 !== null) return { hash: options.sha256, basis: "given" };
  const recorded = (await cache?.recordedHash(url.href)) ?? null;
  if (recorded !== null && options.acceptChanged !== true) return { hash: recorded, basis: "recorded" };
  const published = await publishedFile(url, signal);
  return published === null ? { hash: null, basis: "first" } : { hash: published.sha256, basis: "published" };
}

function isMeant(hash: string, expected: string | null): boolean {
  return expected === null || hash.startsWith(expected);
}

function wrongHash(name: string, hash: string, { hash: expected, basis }: Expected): AppError {
  const why = {
    given: "it is not the one that was meant",
    published: "it is not the one that the hub publishes",
    recorded: "it is not the one that was downloaded here before",
    first: "",
  }[basis];
  return new AppError("hash-mismatch", `“${name}” has come whole, but ${why}.`, {
    hint:
      basis === "recorded"
        ? "Use the new one only if you know that it has changed there."
        : "Do not use it: it may be damaged, or have been exchanged.",
    details: [`expected SHA-256 ${expected ?? ""}`, `received SHA-256 ${hash}`],
  });
}

type Received = KeptFile & { readonly notes: readonly string[] };

/** @param check throws for a hash that is not meant; what has come is then forgotten. */
async function receive(downloading: Downloading, check: (hash: string) => void): Promise<Received> {
  const { cache, options } = downloading;
  if (!options.keep) return receiveIntoMemory(downloading, check, []);
  if (cache === null) return receiveIntoMemory(downloading, check, [noStorage]);
  return receiveIntoCache(downloading, cache, check);
}

async function receiveIntoCache(
  downloading: Downloading,
  cache: FileCache,
  check: (hash: string) => void,
): Promise<Received> {
  const { url, options, signal, onProgress } = downloading;
  const name = fileNameOf(url);
  const entry = await cache.begin(url.href, name);
  let { etag } = entry;
  const onEtag = (told: string | null): void => void (etag = told);
  let hash: string;
  try {
    const { mostBytes, announcedBytes } = options;
    const limits = { mostBytes, announcedBytes };
    hash = await receiveFile({ url, name, sink: entry, etag, ...limits, signal, onProgress, onEtag });
  } catch (error) {
    if (error instanceof DOMException && error.name === "QuotaExceededError") {
      const memory = await moveToMemory(entry);
      return receiveIntoMemory(downloading, check, [noRoom], { memory, etag });
    }
    // A file that is refused is not worth going on with.
    const isRefused =
      error instanceof AppError && (error.code === "file-refused" || error.code === "file-unreadable");
    await (isRefused ? entry.discard() : entry.suspend(etag));
    throw error;
  }
  try {
    check(hash);
  } catch (error) {
    await entry.discard();
    throw error;
  }
  await entry.finish(hash);
  const kept = await cache.find(url.href);
  if (kept === null)
    throw new AppError("storage-failed", `“${name}” was written to this machine, but cannot be read back.`, {
      hint: "Free some room and download it again.",
    });
  return { ...kept, notes: [] };
}

async function moveToMemory(entry: CacheEntry): Promise<MemorySink> {
  const memory = new MemorySink();
  for await (const piece of entry.pieces()) memory.append(piece);
  await entry.discard();
  return memory;
}

async function receiveIntoMemory(
  { url, options, signal, onProgress }: Downloading,
  check: (hash: string) => void,
  notes: readonly string[],
  begun: { readonly memory: MemorySink; readonly etag: string | null } | null = null,
): Promise<Received> {
  const name = fileNameOf(url);
  const sink = begun?.memory ?? new MemorySink();
  const hash = await receiveFile({
    url,
    name,
    sink,
    etag: begun?.etag ?? null,
    mostBytes: options.mostBytes,
    announcedBytes: options.announcedBytes,
    signal,
    onProgress,
    onEtag: () => undefined,
  });
  check(hash);
  const date = new Date().toISOString();
  const record: CachedFile = {
    address: url.href,
    name,
    bytes: sink.length,
    sha256: hash,
    date,
    place: "memory",
  };
  return { record, file: sink.toFile(name), notes };
}
