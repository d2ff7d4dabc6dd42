/** Pictures whose file lacks the mark of its end: some programs leave it away, and some files are cut off. */

/** What follows the data of a JPEG. */
const jpegEnd = Uint8Array.of(0xff, 0xd9);
/** An IEND chunk. */
const pngEnd = Uint8Array.of(0, 0, 0, 0, 0x49, 0x45, 0x4e, 0x44, 0xae, 0x42, 0x60, 0x82);

/** @returns the file with its end; null where a part of the picture is missing, so that it has to be refused. */
export async function completeImage(
  format: string,
  bytes: Uint8Array<ArrayBuffer>,
): Promise<Uint8Array<ArrayBuffer> | null> {
  if (format === "PNG") return completePng(bytes);
  let length = bytes.length;
  while (bytes[length - 1] === 0xff) length--; // the first half of the mark
  const data = bytes.subarray(0, length);
  return (await isWholeJpeg(data)) ? join(data, jpegEnd) : null;
}

/**
 * Whether a JPEG holds all of its picture: then a decoder passes over what is put behind it. Where something is
 * missing, it takes that for the rest of the picture; so the file is decoded twice, with different noise behind it,
 * and the results are compared.
 */
async function isWholeJpeg(bytes: Uint8Array<ArrayBuffer>): Promise<boolean> {
  const bitmaps: ImageBitmap[] = [];
  try {
    for (const seed of [1, 2])
      bitmaps.push(await createImageBitmap(new Blob([bytes, noise(seed), jpegEnd], { type: "image/jpeg" })));
    const [one, other] = bitmaps;
    return one !== undefined && other !== undefined && lookTheSame(one, other);
  } catch {
    return false;
  } finally {
    for (const bitmap of bitmaps) bitmap.close();
  }
}

const noiseBytes = 512;

/** Never 255, which would begin a marker. */
function noise(seed: number): Uint8Array<ArrayBuffer> {
  let state = seed;
  return Uint8Array.from({ length: noiseBytes }, () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return (state >>> 16) % 255;
  });
}

/** Compared at a time: 4 MB of each. */
const stripPixels = 1_000_000;

/** Every pixel. */
function lookTheSame(one: ImageBitmap, other: ImageBitmap): boolean {
  const { width, height } = one;
  if (other.width !== width || other.height !== height) return false;
  const rows = Math.max(1, Math.min(height, Math.floor(stripPixels / width)));
  const read = [one, other].map((bitmap) => {
    const context = new OffscreenCanvas(width, rows).getContext("2d", {
      willReadFrequently: true,
      alpha: false,
    });
    return (top: number): Uint32Array => {
      if (context === null) throw new Error("This browser gives workers no 2D canvas.");
      context.clearRect(0, 0, width, rows);
      context.drawImage(bitmap, 0, -top);
      return new Uint32Array(context.getImageData(0, 0, width, rows).data.buffer);
    };
  });
  for (let top = 0; top < height; top += rows) {
    const [ours, theirs] = read.map((strip) => strip(top));
    if (ours === undefined || !ours.every((pixel, i) => pixel === theirs?.[i])) return false;
  }
  return true;
}

async function completePng(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer> | null> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const data: Uint8Array<ArrayBuffer>[] = [];
  let whole = 8; // where the last whole chunk ends
  let broken: Uint8Array<ArrayBuffer> | null = null;
  for (let at = 8; at + 8 <= bytes.length;) {
    const end = at + 12 + view.getUint32(at);
    const isData = view.getUint32(at + 4) === 0x49444154; // IDAT
    if (isData) data.push(bytes.subarray(at + 8, Math.min(bytes.length, end - 4)));
    if (end <= bytes.length) whole = end;
    else if (isData) broken = bytes.subarray(at + 4, Math.min(bytes.length, end - 4));
    at = end;
  }
  const needed = pngDataBytes(view);
  if (needed === null || !(await inflatesTo(data, needed))) return null;
  return join(bytes.subarray(0, whole), broken === null ? new Uint8Array() : pngChunk(broken), pngEnd);
}

/** Of an inflated picture: rows of pixels, each with a byte that says how it is filtered. */
function pngDataBytes(view: DataView): number | null {
  if (view.byteLength < 29) return null;
  const [width, height] = [view.getUint32(16), view.getUint32(20)];
  const channels = [1, null, 3, 1, 2, null, 4][view.getUint8(25)];
  if (channels === null || channels === undefined) return null;
  const bits = view.getUint8(24) * channels;
  const bytesOf = (columns: number, rows: number): number =>
    columns <= 0 || rows <= 0 ? 0 : rows * (1 + Math.ceil((columns * bits) / 8));
  if (view.getUint8(28) === 0) return bytesOf(width, height);
  const passes: readonly (readonly [left: number, top: number, across: number, down: number])[] = [
    [0, 0, 8, 8],
    [4, 0, 8, 8],
    [0, 4, 4, 8],
    [2, 0, 4, 4],
    [0, 2, 2, 4],
    [1, 0, 2, 2],
    [0, 1, 1, 2],
  ];
  return passes.reduce(
    (sum, [left, top, across, down]) =>
      sum + bytesOf(Math.ceil((width - left) / across), Math.ceil((height - top) / down)),
    0,
  );
}

/** Whether at least so many bytes come out; that the stream's own end is missing does no harm. */
async function inflatesTo(parts: readonly Uint8Array<ArrayBuffer>[], needed: number): Promise<boolean> {
  const stream = new DecompressionStream("deflate");
  const writer = stream.writable.getWriter();
  const reader = stream.readable.getReader();
  const writing = (async () => {
    for (const part of parts) await writer.write(part);
    await new Promise((resolve) => setTimeout(resolve, 0)); // so that all is read before an early end is an error
    await writer.close();
  })();
  writing.catch(() => undefined); // reading fails of it, too
  let length = 0;
  try {
    while (length < needed) {
      const { done, value } = await reader.read();
      if (done) break;
      length += value.length;
    }
  } catch {
    // damaged or cut off: what came out before counts
  }
  void reader.cancel().catch(() => undefined);
  return length >= needed;
}

/** @param content type and data. */
function pngChunk(content: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const chunk = new Uint8Array(content.length + 8);
  const view = new DataView(chunk.buffer);
  view.setUint32(0, content.length - 4);
  chunk.set(content, 4);
  view.setUint32(content.length + 4, crc32(content));
  return chunk;
}

function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (0xedb88320 & -(crc & 1));
  }
  return (crc ^ 0xffffffff) >>> 0;
}

function join(...parts: readonly Uint8Array<ArrayBuffer>[]): Uint8Array<ArrayBuffer> {
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}
