/** A decoding worker: turns files, zip entries and bytes into small squares of pixels, away from page and engine. */
import type { DecodedImage, DecodeRequests, ImageSource, Refusal } from "../../contract/decode.ts";
import { AppError, toWire } from "../../contract/errors.ts";
import { imageZipLimits, openZip, type ZipEntry } from "../../formats/zip.ts";
import { kindBytes } from "../../formats/fileKind.ts";
import { buffersIn, serve, type Handlers } from "../../lib/channel.ts";
import { readImageHeader } from "./decodeHeader.ts";
import { decodeImage, measureImage, notAnImage } from "./decodeImage.ts";

declare const self: DedicatedWorkerGlobalScope;

/** A photograph of 64 megapixels takes some 40 MB as JPEG. */
const mostFileBytes = 128 * 1024 * 1024;

/** A zip this small is read at once; reading its entries one by one takes several times as long. */
const smallZipBytes = 64 * 1024 * 1024;

/** Directories of the zips read so far: archive → path → entry. */
const archives = new Map<string, Promise<ReadonlyMap<string, ZipEntry>>>();

const handlers: Handlers<DecodeRequests> = {
  listZip: async ({ zip }) => {
    const { entries, refused } = await openZip(zip, imageZipLimits);
    return { entries: entries.map((entry) => entry.path), refused };
  },
  measure: async ({ source }) => {
    const bytes = await readSource(source);
    if ("reason" in bytes) return bytes;
    const measured = measureImage(bytes);
    return "reason" in measured ? measured : { width: measured.width, height: measured.height };
  },
  decode: async ({ source, size }): Promise<DecodedImage | Refusal> => {
    const bytes = await readSource(source);
    if ("reason" in bytes) return bytes;
    return source.kind === "file" ? decodeImage(bytes, size, source.file) : decodeImage(bytes, size);
  },
};

async function readSource(source: ImageSource): Promise<Uint8Array<ArrayBuffer> | Refusal> {
  if (source.kind === "bytes")
    return source.bytes.length > mostFileBytes ? tooManyBytes(source.bytes.length) : source.bytes;
  if (source.kind === "file") {
    try {
      if (source.file.size > mostFileBytes) {
        const head = new Uint8Array(await source.file.slice(0, kindBytes).arrayBuffer());
        return readImageHeader(head) === null ? notAnImage(head) : tooManyBytes(source.file.size);
      }
      return new Uint8Array(await source.file.arrayBuffer());
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      return { reason: "unreadable", message: `the file could not be opened: ${why}` };
    }
  }
  const entry = (await directoryOf(source.archive, source.zip)).get(source.entry);
  if (entry === undefined) return { reason: "unreadable", message: "the zip has no such entry any more" };
  if (entry.size > mostFileBytes) return tooManyBytes(entry.size);
  try {
    return await entry.read();
  } catch (error) {
    return { reason: "corrupt", message: error instanceof Error ? error.message : String(error) };
  }
}

function tooManyBytes(bytes: number): Refusal {
  const megabytes = (count: number): string => `${Math.round(count / 1e6)} MB`;
  return { reason: "too-large", message: `${megabytes(bytes)}, the limit is ${megabytes(mostFileBytes)}` };
}

function directoryOf(archive: string, zip: Blob): Promise<ReadonlyMap<string, ZipEntry>> {
  let directory = archives.get(archive);
  if (directory === undefined) {
    directory = readDirectory(zip);
    archives.set(archive, directory);
  }
  return directory;
}

async function readDirectory(zip: Blob): Promise<ReadonlyMap<string, ZipEntry>> {
  const small = zip.size <= smallZipBytes;
  const { entries } = await openZip(small ? new Uint8Array(await zip.arrayBuffer()) : zip, imageZipLimits);
  return new Map(entries.map((entry) => [entry.path, entry]));
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

serve<DecodeRequests>(self, handlers, {
  toWire: (error) =>
    toWire(error instanceof AppError ? error : new AppError("image-rejected", describe(error))),
  transfer: buffersIn,
});
