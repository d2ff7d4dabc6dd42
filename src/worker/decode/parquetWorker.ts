/**
 * The worker that reads parquet files: footers, pages, decompression, away from page and engine. It has no access to
 * any other site; bytes of a file behind an address come from the page, on request.
 */
import { AppError, fromWire, toWire } from "../../contract/errors.ts";
import type { ByteRequests, ImageRow, ParquetInput, ParquetRequests } from "../../contract/parquet.ts";
import { blobSource, type ByteSource } from "../../formats/parquet/byteSource.ts";
import { filesWithImages, offerOf } from "../../formats/parquet/imageColumns.ts";
import { openImageRows, type ImageRows } from "../../formats/parquet/imageRows.ts";
import { openParquet, type ParquetFile } from "../../formats/parquet/parquetFile.ts";
import { buffersIn, connect, serve, type Handlers } from "../../lib/channel.ts";

declare const self: DedicatedWorkerGlobalScope;

/** What one answer brings at most: enough to keep the decoders busy, little to hold. */
const batchImages = 64;
const batchBytes = 4 * 1024 * 1024;
/** Footers read at a time. */
const openedAtOnce = 6;

let files: readonly ParquetFile[] = [];
let rows: ImageRows | null = null;

const handlers: Handlers<ParquetRequests> = {
  open: async ({ files: inputs }) => {
    const opened: ParquetFile[] = [];
    const broken: { readonly name: string; readonly error: AppError }[] = [];
    for (let i = 0; i < inputs.length; i += openedAtOnce) {
      const some = inputs.slice(i, i + openedAtOnce);
      const results = await Promise.all(some.map((input, j) => openOrWhyNot(input, sourceOf(input, i + j))));
      results.forEach((result, j) => {
        if (result instanceof AppError) broken.push({ name: some[j]?.name ?? "", error: result });
        else opened.push(result);
      });
    }
    const [firstBroken] = broken;
    if (opened.length === 0 && firstBroken !== undefined) throw firstBroken.error;
    const offer = offerOf(opened);
    files = filesWithImages(opened).used;
    return {
      ...offer,
      leftOut: [...broken.map(({ name, error }) => ({ name, why: error.message })), ...offer.leftOut],
    };
  },
  choose: async ({ choice, most }) => {
    rows = openImageRows(files, choice, most);
    return { images: rows.count };
  },
  next: async () => {
    const batch: ImageRow[] = [];
    let bytes = 0;
    while (rows !== null && batch.length < batchImages && bytes < batchBytes) {
      const { done, value } = await rows.rows.next();
      if (done === true) break;
      batch.push(value);
      bytes += value.bytes?.length ?? 0;
    }
    return { rows: batch };
  },
};

/** A damaged file among others is no reason to refuse them all; a connection that broke is. */
async function openOrWhyNot(input: ParquetInput, source: ByteSource): Promise<ParquetFile | AppError> {
  try {
    return await openParquet(input.name, source);
  } catch (error) {
    if (error instanceof AppError && error.code.startsWith("file-")) return error;
    throw error;
  }
}

const page = connect<ByteRequests>(self, fromWire);

function sourceOf(input: ParquetInput, file: number): ByteSource {
  if (input.kind === "file") return blobSource(input.file);
  return { size: input.size, read: (start, end) => page.request("read", { file, start, end }) };
}

serve<ParquetRequests>(self, handlers, {
  toWire,
  // The images' bytes. An offer's `rows` is a number.
  transfer: (output) => {
    const { rows: batch } = output as Partial<ParquetRequests["next"]["out"]>;
    return Array.isArray(batch) ? batch.flatMap(buffersIn) : [];
  },
});
