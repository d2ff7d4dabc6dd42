/**
 * The files kept on the visitor's machine, in the site's own file system (OPFS): for each address its bytes,
 * `<key>.data`, and what is known of them, `<key>.json`. A record whose hash is null is of an unfinished download.
 * Hashes outlive their files (`<key>.hash`), so that a file that has changed is noticed later too.
 */
import { keptFolders } from "../../contract/keptFolders.ts";
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";
import { AppError } from "../../contract/errors.ts";
import type { CachedFile } from "../../contract/download.ts";
import { z } from "../../formats/zod.ts";
import type { CacheEntry, FileCache, KeptFile } from "./fileCache.ts";

const recordSchema = z.object({
  address: z.string(),
  name: z.string(),
  bytes: z.int().nonnegative(),
  sha256: z.string().nullable(),
  date: z.string(),
  /** Of an unfinished one: by which its source is known to be the same. */
  etag: z.string().nullable(),
});
type CacheRecord = z.infer<typeof recordSchema>;

export class DownloadCache implements FileCache {
  readonly #folder: FileSystemDirectoryHandle;

  constructor(folder: FileSystemDirectoryHandle) {
    this.#folder = folder;
  }

  /** @returns null where the browser has no such file system, or not now (private windows), or none to write to here. */
  static async open(): Promise<DownloadCache | null> {
    try {
      if (!("createSyncAccessHandle" in FileSystemFileHandle.prototype)) return null;
      const root = await navigator.storage.getDirectory();
      return new DownloadCache(await root.getDirectoryHandle(keptFolders.downloads, { create: true }));
    } catch {
      return null;
    }
  }

  /** Whole files, the latest first. */
  async list(): Promise<readonly CachedFile[]> {
    const found: CachedFile[] = [];
    for await (const name of this.#folder.keys()) {
      if (!name.endsWith(".json")) continue;
      const record = await this.#readRecord(name.slice(0, -".json".length));
      if (isWhole(record)) found.push(toCachedFile(record));
    }
    return found.sort((a, b) => b.date.localeCompare(a.date));
  }

  async find(address: string): Promise<KeptFile | null> {
    const key = keyOf(address);
    const record = await this.#readRecord(key);
    if (!isWhole(record) || record.address !== address) return null;
    const content = await (await this.#folder.getFileHandle(dataName(key))).getFile();
    // Cut off by a crash, or emptied by the browser: as good as not there.
    if (content.size !== record.bytes) return null;
    return { record: toCachedFile(record), file: new File([content], record.name) };
  }

  async begin(address: string, name: string): Promise<CacheEntry> {
    const key = keyOf(address);
    const data = await this.#folder.getFileHandle(dataName(key), { create: true });
    let handle: FileSystemSyncAccessHandle;
    try {
      handle = await data.createSyncAccessHandle();
    } catch (error) {
      throw new AppError("busy", `“${name}” is being downloaded in another tab.`, {
        hint: "Wait until it is done there; then it is here too.",
        cause: error,
      });
    }
    const record = await this.#readRecord(key);
    const isPartOf = record?.sha256 === null && record.address === address && record.etag !== null;
    if (!isPartOf) {
      await this.#remove(`${key}.json`);
      handle.truncate(0);
    }
    const write = (text: string): Promise<void> => this.#write(`${key}.json`, text);
    return new OpfsEntry(address, name, handle, isPartOf ? record.etag : null, write, async () => {
      await this.#remove(`${key}.json`);
      await this.#remove(dataName(key));
    });
  }

  async recordedHash(address: string): Promise<string | null> {
    const text = await this.#read(`${keyOf(address)}.hash`);
    return text !== null && /^[0-9a-f]{64}$/.test(text) ? text : null;
  }

  recordHash(address: string, hash: string): Promise<void> {
    return this.#write(`${keyOf(address)}.hash`, hash);
  }

  /** One file and what is left of unfinished tries, or with null all. What another tab is writing stays. */
  async delete(address: string | null): Promise<void> {
    const names: string[] = [];
    for await (const name of this.#folder.keys()) names.push(name);
    const key = address === null ? null : keyOf(address);
    for (const name of names)
      if (!name.endsWith(".hash") && (key === null || name.startsWith(`${key}.`))) await this.#remove(name);
  }

  async #readRecord(key: string): Promise<CacheRecord | null> {
    const text = await this.#read(`${key}.json`);
    if (text === null) return null;
    try {
      return recordSchema.parse(JSON.parse(text));
    } catch {
      return null; // half written when the browser died
    }
  }

  async #read(name: string): Promise<string | null> {
    try {
      return await (await (await this.#folder.getFileHandle(name)).getFile()).text();
    } catch {
      return null;
    }
  }

  async #write(name: string, text: string): Promise<void> {
    const file = await this.#folder.getFileHandle(name, { create: true });
    const handle = await file.createSyncAccessHandle();
    try {
      handle.truncate(0);
      handle.write(utf8ToBytes(text), { at: 0 });
      handle.flush();
    } finally {
      handle.close();
    }
  }

  async #remove(name: string): Promise<void> {
    try {
      await this.#folder.removeEntry(name);
    } catch {
      // Not there, or being written by another tab.
    }
  }
}

const pieceBytes = 1024 * 1024;

class OpfsEntry implements CacheEntry {
  readonly #address: string;
  readonly #name: string;
  readonly #handle: FileSystemSyncAccessHandle;
  readonly #writeRecord: (text: string) => Promise<void>;
  readonly #remove: () => Promise<void>;
  readonly etag: string | null;
  #length: number;

  constructor(
    address: string,
    name: string,
    handle: FileSystemSyncAccessHandle,
    etag: string | null,
    writeRecord: (text: string) => Promise<void>,
    remove: () => Promise<void>,
  ) {
    this.#address = address;
    this.#name = name;
    this.#handle = handle;
    this.etag = etag;
    this.#writeRecord = writeRecord;
    this.#remove = remove;
    this.#length = handle.getSize();
  }

  get length(): number {
    return this.#length;
  }

  append(bytes: Uint8Array<ArrayBuffer>): void {
    const written = this.#handle.write(bytes, { at: this.#length });
    // On a full disk Chromium 156 does not throw, but counts wrongly.
    if (written !== bytes.length) {
      this.#handle.truncate(this.#length);
      throw new DOMException("The disk took only part of it", "QuotaExceededError");
    }
    this.#length += written;
  }

  clear(): void {
    this.#handle.truncate(0);
    this.#length = 0;
  }

  async *pieces(): AsyncGenerator<Uint8Array<ArrayBuffer>, void> {
    for (let at = 0; at < this.#length; at += pieceBytes) {
      const piece = new Uint8Array(Math.min(pieceBytes, this.#length - at));
      this.#handle.read(piece, { at });
      yield piece;
    }
  }

  async finish(hash: string): Promise<void> {
    this.#handle.flush();
    this.#handle.close();
    await this.#writeRecord(this.#record(hash, null));
  }

  async suspend(etag: string | null): Promise<void> {
    if (etag === null || this.#length === 0) return this.discard();
    this.#handle.flush();
    this.#handle.close();
    await this.#writeRecord(this.#record(null, etag));
  }

  async discard(): Promise<void> {
    this.#handle.close();
    await this.#remove();
  }

  #record(hash: string | null, etag: string | null): string {
    return JSON.stringify({
      address: this.#address,
      name: this.#name,
      bytes: this.#length,
      sha256: hash,
      date: new Date().toISOString(),
      etag,
    } satisfies CacheRecord);
  }
}

type WholeRecord = CacheRecord & { readonly sha256: string };

function isWhole(record: CacheRecord | null): record is WholeRecord {
  return record !== null && record.sha256 !== null;
}

function toCachedFile({ address, name, bytes, sha256: hash, date }: WholeRecord): CachedFile {
  return { address, name, bytes, sha256: hash, date, place: "disk" };
}

function dataName(key: string): string {
  return `${key}.data`;
}

/** An address as a file's name. */
function keyOf(address: string): string {
  return bytesToHex(sha256(utf8ToBytes(address))).slice(0, 32);
}
