import type { CachedFile } from "../../contract/download.ts";
import type { Sink } from "./sink.ts";

export interface KeptFile {
  readonly record: CachedFile;
  readonly file: File;
}

/** Files kept by address, as a download sees them. */
export interface FileCache {
  /** The whole file from an address, if it is here. */
  find(address: string): Promise<KeptFile | null>;
  /**
   * Opens the place where a file from this address will be kept, with what an earlier try has left there.
   *
   * @throws AppError "busy" when another tab is at it.
   */
  begin(address: string, name: string): Promise<CacheEntry>;
  /** The hash that a file from this address once had; it outlives the file. */
  recordedHash(address: string): Promise<string | null>;
  recordHash(address: string, hash: string): Promise<void>;
}

/** A file on its way into the cache. Ends with exactly one of `finish`, `suspend` and `discard`. */
export interface CacheEntry extends Sink {
  /** By which its source is known to be the one that wrote what is here already; null when nothing is. */
  readonly etag: string | null;
  /** Whole and checked: from now on it is in the cache. */
  finish(hash: string): Promise<void>;
  /** Keeps what has come, to go on another time; nothing when its source cannot be recognised again. */
  suspend(etag: string | null): Promise<void>;
  discard(): Promise<void>;
}
