import {
  BlobReader,
  configure,
  ERR_EOCDR_NOT_FOUND,
  Uint8ArrayReader,
  Uint8ArrayWriter,
  ZipReader,
  ZipWriter,
  type FileEntry,
} from "@zip.js/zip.js/lib/zip-core-custom.js";
import { AppError } from "../contract/errors.ts";
import { quote } from "./quote.ts";

// Everything happens on the calling thread with the platform's own inflate: no worker of its own, no WASM, no eval.
configure({ useWebWorkers: false, useCompressionStream: true });

/** What an archive may ask of this machine before it is refused. */
export interface ZipLimits {
  readonly entries: number;
  /** Uncompressed bytes of one entry. */
  readonly entryBytes: number;
  /** Uncompressed bytes of all entries. */
  readonly totalBytes: number;
  /** Uncompressed over compressed size, asked of entries above 1 MiB only. Weights stay near 1, text near 10. */
  readonly ratio: number;
}

const mebibyte = 1024 * 1024;
const defaultZipLimits: ZipLimits = {
  entries: 200_000,
  entryBytes: 2048 * mebibyte,
  totalBytes: 32_768 * mebibyte,
  ratio: 200,
};

/** Of archives of images sizes alone count: blank paper honestly deflates a thousandfold. */
export const imageZipLimits = { ratio: Infinity } as const satisfies Partial<ZipLimits>;

export interface ZipEntry {
  /** Forward slashes, relative, without "." and "..". */
  readonly path: string;
  /** Uncompressed bytes, as declared; `read` enforces it. */
  readonly size: number;
  /** Stored as it is, not deflated. */
  readonly stored: boolean;
  /**
   * Inflates and checks length and CRC-32.
   *
   * @throws AppError "file-unreadable" when either is wrong.
   */
  readonly read: () => Promise<Uint8Array<ArrayBuffer>>;
}

export interface ZipArchive {
  /** The usable files, in the archive's order; folders are left out. */
  readonly entries: readonly ZipEntry[];
  /** Entries that are not offered, each with the reason: unsafe path, duplicate, encrypted, over a limit. */
  readonly refused: readonly { readonly path: string; readonly reason: string }[];
}

/**
 * Lists an archive without reading its contents.
 *
 * @throws AppError "file-unreadable" when there is no whole zip directory; "file-refused" when the archive as a
 * whole is over a limit or its entries overlap (a zip bomb).
 */
export async function openZip(
  file: Blob | Uint8Array<ArrayBuffer>,
  limits: Partial<ZipLimits> = {},
): Promise<ZipArchive> {
  const limit = { ...defaultZipLimits, ...limits };
  const fileBytes = file instanceof Uint8Array ? file.length : file.size;
  const reader = new ZipReader(
    file instanceof Uint8Array ? new Uint8ArrayReader(file) : new BlobReader(file),
  );
  const files: FileEntry[] = [];
  let count = 0;
  let totalBytes = 0;
  try {
    for await (const entry of reader.getEntriesGenerator({ filenameValidation: "tolerant" })) {
      if (++count > limit.entries)
        throw new AppError("file-refused", `The zip holds more than ${limit.entries} entries.`);
      if (entry.directory) continue;
      totalBytes += entry.uncompressedSize;
      files.push(entry);
    }
  } catch (error) {
    if (error instanceof Error && error.message === ERR_EOCDR_NOT_FOUND)
      throw new AppError("file-unreadable", "The zip has no directory at its end: the file is cut off.", {
        hint: "Download or export it again.",
      });
    throw asUnreadable(error, "The zip's directory cannot be read");
  }
  refuseOverlaps(files, fileBytes);
  if (totalBytes > limit.totalBytes)
    throw new AppError(
      "file-refused",
      `The zip would unpack to ${megabytes(totalBytes)}, over the limit of ${megabytes(limit.totalBytes)}.`,
    );

  const entries: ZipEntry[] = [];
  const refused: { path: string; reason: string }[] = [];
  const refuse = ({ filename }: FileEntry, reason: string): void => {
    refused.push({ path: filename.slice(0, longestRefusedPath), reason });
  };
  const taken = new Set<string>();
  // Some writers on Windows separate folders by "\\". Where "/" does that, a "\\" is half of a character: names in
  // Big5, Shift JIS and GBK that say nothing of their encoding hold the byte 5C.
  const separator = files.some(({ filename }) => filename.includes("/")) ? "/" : "\\";
  for (const entry of files) {
    if (separator === "\\" && entry.filename.endsWith("\\")) continue; // a folder
    const path = safePath(entry.filename, separator);
    if (path === null) {
      refuse(entry, whyNoPath(entry.filename));
      continue;
    }
    const reason = refusal(entry, limit, taken.has(path));
    if (reason !== null) {
      refuse(entry, reason);
      continue;
    }
    taken.add(path);
    entries.push({
      path,
      size: entry.uncompressedSize,
      stored: entry.compressionMethod === 0,
      read: () => readEntry(entry, path),
    });
  }
  return { entries, refused };
}

const longestRefusedPath = 300;

/** Of what `safePath` refuses. */
function whyNoPath(path: string): string {
  if (path.replaceAll(/[\\/.]/g, "") === "" && !path.includes("..")) return "an entry without a name";
  if (control.test(path)) return "an unsafe path, with control characters in it";
  return "an unsafe path, which would lead out of the folder that it is unpacked to";
}

// eslint-disable-next-line no-control-regex
const control = /[\u0000-\u001f\u007f]/;

function refusal(entry: FileEntry, limit: ZipLimits, duplicate: boolean): string | null {
  const { uncompressedSize, compressedSize, compressionMethod } = entry;
  if (duplicate) return "a second entry of the same name";
  if (entry.encrypted) return "encrypted";
  if (compressionMethod !== 0 && compressionMethod !== 8) return `compression method ${compressionMethod}`;
  if (uncompressedSize > limit.entryBytes)
    return `${megabytes(uncompressedSize)}, over the limit of ${megabytes(limit.entryBytes)}`;
  if (compressionMethod === 0 && uncompressedSize !== compressedSize) return "sizes contradict each other";
  if (uncompressedSize > mebibyte && uncompressedSize > limit.ratio * compressedSize)
    return `unpacks ${Math.round(uncompressedSize / Math.max(1, compressedSize))}-fold, over the limit of ${limit.ratio}`;
  return null;
}

/** Entries that share bytes are how small files unpack to petabytes; honest archives have none. */
function refuseOverlaps(files: readonly FileEntry[], fileBytes: number): void {
  const byOffset = [...files].sort((a, b) => a.offset - b.offset);
  let end = 0;
  for (const { filename, offset, compressedSize, rawFilename } of byOffset) {
    if (offset < end)
      throw new AppError("file-refused", `The zip entry ${quote(filename)} overlaps another one.`);
    end = offset + 30 + rawFilename.length + compressedSize;
    if (end > fileBytes)
      throw new AppError(
        "file-unreadable",
        `The zip entry ${quote(filename)} ends at byte ${end}, but the file has ${fileBytes} bytes.`,
        { hint: "The file is incomplete or damaged. Download or export it again." },
      );
  }
}

async function readEntry(entry: FileEntry, path: string): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(entry.uncompressedSize);
  let length = 0;
  const sink = new WritableStream<Uint8Array>({
    write(chunk) {
      if (length + chunk.length > bytes.length)
        throw new AppError(
          "file-refused",
          `The zip entry ${quote(path)} is longer than the ${bytes.length} bytes it declares.`,
        );
      bytes.set(chunk, length);
      length += chunk.length;
    },
  });
  try {
    await entry.getData(sink, { checkCrc32: true });
  } catch (error) {
    throw asUnreadable(error, `The zip entry ${quote(path)} cannot be read`);
  }
  if (length !== bytes.length)
    throw new AppError(
      "file-unreadable",
      `The zip entry ${quote(path)} has ${length} bytes instead of the ${bytes.length} it declares.`,
    );
  return bytes;
}

/**
 * A path that stays inside the folder it is unpacked to, or null.
 *
 * @param separator "/" where a backslash is part of a name.
 */
export function safePath(path: string, separator: "/" | "\\" = "\\"): string | null {
  const slashed = path.replaceAll("\\", "/");
  if (slashed.startsWith("/") || /^[a-zA-Z]:/.test(slashed) || control.test(slashed)) return null;
  if (slashed.split("/").includes("..")) return null; // wherever somebody may unpack it
  const parts = (separator === "/" ? path : slashed).split("/").filter((part) => part !== "" && part !== ".");
  return parts.length === 0 ? null : parts.join("/");
}

/**
 * An archive of these files, deflated, with a fixed date so that the same files give the same bytes on the same
 * platform.
 */
export async function writeZip(
  files: Iterable<{ readonly path: string; readonly bytes: Uint8Array | string }>,
): Promise<Uint8Array<ArrayBuffer>> {
  const writer = new ZipWriter(new Uint8ArrayWriter(), {
    lastModDate: new Date(1980, 0, 1, 12),
    extendedTimestamp: false,
  });
  for (const { path, bytes } of files) {
    const data = typeof bytes === "string" ? new TextEncoder().encode(bytes) : bytes;
    await writer.add(path, new Uint8ArrayReader(data));
  }
  return writer.close();
}

function asUnreadable(error: unknown, what: string): AppError {
  if (error instanceof AppError) return error;
  const reason = (error instanceof Error ? error.message : String(error)).replace(/\.$/, "");
  return new AppError("file-unreadable", `${what}: ${reason}.`, {
    hint: "The file is incomplete or damaged. Download or export it again.",
    cause: error,
  });
}

function megabytes(bytes: number): string {
  return `${Math.ceil(bytes / 1e6).toLocaleString("en")} MB`;
}
