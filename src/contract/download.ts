/**
 * The one interface to other sites: what the page may ask of the download worker, and what comes back. The page
 * hands over addresses and options, never anything of the visitor's.
 */
import type { DatasetAddress } from "./datasetAddress.ts";

/** What an address leads to, found out without reading it. */
export interface RemoteFile {
  readonly address: string;
  /** Of the address. */
  readonly host: string;
  /** Of the machine that answered in the end; another one where the site passes requests on. */
  readonly answeredBy: string;
  readonly name: string;
  /** Null where the site does not say. */
  readonly bytes: number | null;
  /** SHA-256 in hex, where the hub publishes it. */
  readonly sha256: string | null;
  /** What lies on this machine under that address, whole and checked. */
  readonly cached: CachedFile | null;
}

/** A whole file on this machine. */
export interface CachedFile {
  readonly address: string;
  readonly name: string;
  readonly bytes: number;
  /** Hex, of all its bytes. */
  readonly sha256: string;
  /** When it was downloaded, ISO 8601. */
  readonly date: string;
  /** "memory": gone when the page is closed. */
  readonly place: "disk" | "memory";
}

export interface DownloadOptions {
  /** A larger file is refused. */
  readonly mostBytes: number;
  /** What the visitor was told before; null where nobody could say. A file that goes far past it is refused. */
  readonly announcedBytes: number | null;
  /** What the file's SHA-256 must begin with: hex, up to all 64 digits; null where nobody says. */
  readonly sha256: string | null;
  /** Keep it on this machine, so that the next time needs no network. */
  readonly keep: boolean;
  /** The visitor knows that the file is another one than the last time, and wants it. */
  readonly acceptChanged?: boolean;
}

/** Who says that these are the right bytes. "first": nobody yet; from now on another file is refused. */
export type HashBasis = "given" | "published" | "recorded" | "first";

export interface DownloadedFile {
  readonly file: File;
  readonly record: CachedFile;
  readonly basis: HashBasis;
  /** Nothing was loaded: it lay on this machine. */
  readonly fromCache: boolean;
  /** What the visitor should know, e.g. that there was no room to keep it. */
  readonly notes: readonly string[];
}

export interface DownloadProgress {
  readonly bytes: number;
  /** Null where the site does not say. */
  readonly total: number | null;
  readonly bytesPerSecond: number;
  /** How often the connection broke so far, and was taken up again. */
  readonly interruptions: number;
}

/** The parquet files of a data set on Hugging Face, by its parts. */
export interface DatasetFiles {
  readonly name: string;
  readonly splits: readonly DatasetSplit[];
}

export interface DatasetSplit {
  /** The subset: "default" where there are none. */
  readonly config: string;
  readonly split: string;
  /** At least one, in their order. */
  readonly files: readonly DatasetFile[];
}

export interface DatasetFile {
  readonly name: string;
  readonly address: string;
  readonly bytes: number;
}

/** Request name → what goes in and what comes out. */
export interface DownloadRequests {
  /** Size, host and published hash, before anything is loaded. */
  probe: { in: { address: string }; out: RemoteFile };
  download: { in: { address: string; options: DownloadOptions }; out: DownloadedFile };
  /** Bytes of the whole file; the site must say it, and be able to give parts. */
  sizeOf: { in: { address: string }; out: number };
  /** The bytes from `start` to before `end`. */
  readRange: { in: { address: string; start: number; end: number }; out: Uint8Array<ArrayBuffer> };
  /** What there is of a data set, before any of it is read. */
  datasetFiles: { in: { dataset: DatasetAddress }; out: DatasetFiles };
  listCached: { in: null; out: readonly CachedFile[] };
  /** One file, or with null all; unfinished downloads go too. */
  deleteCached: { in: { address: string | null }; out: null };
}
