import { snappyUncompress, type CompressionCodec } from "hyparquet";
import { decompressLz4, decompressLz4Raw, decompressZstd } from "hyparquet-compressors";
import { AppError } from "../../contract/errors.ts";

/**
 * A page's bytes as they were before compression.
 *
 * Each decoder writes into an array of the declared length, so a bomb ends there. gzip and brotli are the browser's
 * own; hyparquet-compressors' brotli lets its output grow without end.
 *
 * @param length as the page declares it; bounded by the caller.
 * @throws AppError "file-unsupported" for a codec that cannot be read here; any error of the decoder when the bytes
 * are damaged.
 */
export async function unpackPage(
  codec: CompressionCodec,
  bytes: Uint8Array<ArrayBuffer>,
  length: number,
): Promise<Uint8Array<ArrayBuffer>> {
  switch (codec) {
    case "UNCOMPRESSED":
      if (bytes.length !== length) throw wrongLength(bytes.length, length);
      return bytes;
    case "SNAPPY": {
      const page = new Uint8Array(length);
      snappyUncompress(bytes, page);
      return page;
    }
    case "ZSTD": {
      const page = new Uint8Array(length);
      decompressZstd(bytes, page);
      return page;
    }
    case "LZ4":
      return own(decompressLz4(bytes, length));
    case "LZ4_RAW":
      return own(decompressLz4Raw(bytes, length));
    case "GZIP":
      return inflate("gzip", bytes, length);
    case "BROTLI":
      return inflate("brotli", bytes, length);
    case "LZO":
      throw unsupported("LZO");
    default:
      throw unsupported(String(codec));
  }
}

async function inflate(
  format: "gzip" | "brotli",
  bytes: Uint8Array<ArrayBuffer>,
  length: number,
): Promise<Uint8Array<ArrayBuffer>> {
  let stream: DecompressionStream;
  try {
    // Younger than TypeScript's declarations, and not in every browser.
    stream = new DecompressionStream(format as CompressionFormat);
  } catch {
    throw unsupported(format);
  }
  const page = new Uint8Array(length);
  let filled = 0;
  const reader = new Blob([bytes]).stream().pipeThrough(stream).getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    if (filled + value.length > length) {
      await reader.cancel();
      throw new Error(`a page unpacks to more than the ${length} bytes it declares`);
    }
    page.set(value, filled);
    filled += value.length;
  }
  if (filled !== length) throw wrongLength(filled, length);
  return page;
}

function own(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return bytes as Uint8Array<ArrayBuffer>; // made by `new Uint8Array(length)` in there
}

function wrongLength(bytes: number, length: number): Error {
  return new Error(`a page has ${bytes} bytes instead of the ${length} it declares`);
}

function unsupported(codec: string): AppError {
  return new AppError(
    "file-unsupported",
    `The parquet file is compressed with ${codec}, which cannot be read here.`,
    {
      hint: "Write the file with snappy, zstd, gzip, LZ4 or no compression.",
    },
  );
}
