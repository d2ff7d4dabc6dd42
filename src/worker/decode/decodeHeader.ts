import { isSrgbProfile } from "./srgbProfile.ts";

/**
 * What a file is and how large its picture would be, from its bytes alone: nothing is decoded before its
 * dimensions are known, and nothing is handed to the browser that is not known to be a picture.
 */
export interface ImageHeader {
  /** "PNG", "HEIC", as a person would call it. */
  readonly format: string;
  /** Some browser can decode it, so it is worth a try. */
  readonly decodable: boolean;
  /** As stored, before any EXIF rotation; null when the header does not say or breaks off. */
  readonly dimensions: { readonly width: number; readonly height: number } | null;
  /** The file ends before its picture does. Browsers would show the missing part grey. */
  readonly truncated: boolean;
  /** Nothing marks the picture's end. Whether all of it is there is for `completeImage` to tell. */
  readonly unended: boolean;
  /** How it has to be turned by whoever decodes it; null where there is nothing to do, or the browser does it. */
  readonly turn: Turn | null;
  /** A JPEG whose planes, as they are stored, are the picture: YCbCr, upright, sRGB. */
  readonly planar: boolean;
}

/** What EXIF says of how a picture lies. */
export interface Turn {
  /** 2 to 8, as in EXIF. */
  readonly orientation: number;
  /** Where in the file that stands, as two bytes. */
  readonly at: number;
  readonly littleEndian: boolean;
}

/** @returns null when the bytes are no picture of any kind we know. */
export function readImageHeader(bytes: Uint8Array<ArrayBuffer>): ImageHeader | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (startsWith(bytes, 0, [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])) return readPng(view);
  if (startsWith(bytes, 0, [0xff, 0xd8, 0xff])) return readJpeg(view);
  if (hasText(bytes, 0, "GIF87a") || hasText(bytes, 0, "GIF89a")) return readGif(view);
  if (hasText(bytes, 0, "RIFF") && hasText(bytes, 8, "WEBP")) return readWebp(bytes, view);
  if (hasText(bytes, 0, "BM") && view.byteLength >= 26 && view.getUint32(14, true) <= 124)
    return readBmp(view);
  if (hasText(bytes, 4, "ftyp")) return readIsoMedia(bytes, view);
  const unsupported = unsupportedFormats.find(({ at, magic }) => startsWith(bytes, at, magic));
  if (unsupported !== undefined) return undecodable(unsupported.format);
  return isSvg(bytes) ? undecodable("SVG") : null;
}

/** Pictures no browser decodes from a file, or that are programs rather than pixels (SVG). */
const unsupportedFormats: readonly { format: string; at: number; magic: readonly number[] }[] = [
  { format: "TIFF or camera raw", at: 0, magic: [0x49, 0x49, 0x2a, 0x00] },
  { format: "TIFF or camera raw", at: 0, magic: [0x4d, 0x4d, 0x00, 0x2a] },
  { format: "TIFF or camera raw", at: 0, magic: [0x49, 0x49, 0x2b, 0x00] },
  { format: "TIFF or camera raw", at: 0, magic: [0x4d, 0x4d, 0x00, 0x2b] },
  { format: "camera raw (RW2)", at: 0, magic: [0x49, 0x49, 0x55, 0x00] },
  { format: "camera raw (ORF)", at: 0, magic: [0x49, 0x49, 0x52, 0x4f] },
  { format: "camera raw (RAF)", at: 0, magic: ascii("FUJIFILMCCD-RAW") },
  // May hold a PNG of any size, which its own header does not tell.
  { format: "icon", at: 0, magic: [0, 0, 1, 0] },
  { format: "Photoshop", at: 0, magic: ascii("8BPS") },
  { format: "JPEG XL", at: 0, magic: [0xff, 0x0a] },
  { format: "JPEG XL", at: 4, magic: ascii("JXL \r\n") },
  { format: "JPEG 2000", at: 4, magic: ascii("jP  \r\n") },
  { format: "JPEG 2000", at: 0, magic: [0xff, 0x4f, 0xff, 0x51] },
  { format: "OpenEXR", at: 0, magic: [0x76, 0x2f, 0x31, 0x01] },
  { format: "Radiance HDR", at: 0, magic: ascii("#?RADIANCE") },
  { format: "DirectDraw surface", at: 0, magic: ascii("DDS ") },
];

function undecodable(format: string): ImageHeader {
  return { format, decodable: false, dimensions: null, truncated: false, ...usual };
}

const usual = { unended: false, turn: null, planar: false } as const;

function decodable(
  format: string,
  dimensions: ImageHeader["dimensions"],
  truncated: boolean,
  more: Partial<Pick<ImageHeader, "unended" | "turn" | "planar">> = {},
): ImageHeader {
  return { format, decodable: true, dimensions, truncated, ...usual, ...more };
}

function readPng(view: DataView): ImageHeader {
  if (view.byteLength < 24) return decodable("PNG", null, true);
  const dimensions = { width: view.getUint32(16), height: view.getUint32(20) };
  let hasBegun = false;
  for (let at = 8; at + 8 <= view.byteLength; at += 12 + view.getUint32(at)) {
    const type = view.getUint32(at + 4);
    if (type === 0x49454e44 && at + 12 <= view.byteLength) return decodable("PNG", dimensions, false); // IEND
    hasBegun ||= type === 0x49444154; // IDAT
  }
  return decodable("PNG", dimensions, !hasBegun, { unended: hasBegun });
}

function readJpeg(view: DataView): ImageHeader {
  let dimensions: ImageHeader["dimensions"] = null;
  let planar = true;
  let at = nextMarker(view, 2);
  while (at + 4 <= view.byteLength) {
    const marker = view.getUint8(at + 1);
    if (marker === 0xd9) break; // the end, before any picture
    if (marker === 0xda)
      return decodable("JPEG", dimensions, false, { planar, unended: !hasJpegEnd(view, at) });
    if (marker === 0x01 || (marker >= 0xd0 && marker <= 0xd8)) {
      at = nextMarker(view, at + 2); // markers without a length
      continue;
    }
    planar &&= keepsPlanes(view, at, marker);
    if (isFrame(marker) && at + 9 <= view.byteLength) {
      const frame = { height: view.getUint16(at + 5), width: view.getUint16(at + 7) };
      dimensions = largerOf(dimensions, frame);
    }
    at = nextMarker(view, at + 2 + Math.max(2, view.getUint16(at + 2)));
  }
  return decodable("JPEG", dimensions, true);
}

/** Where the next one is: as decoders do, stray bytes and fill bytes are passed over. */
function nextMarker(view: DataView, from: number): number {
  for (let at = from; at + 1 < view.byteLength; at++) {
    const code = view.getUint8(at + 1);
    if (view.getUint8(at) === 0xff && code !== 0xff && code !== 0x00) return at;
  }
  return view.byteLength;
}

type Dimensions = NonNullable<ImageHeader["dimensions"]>;

function largerOf(one: Dimensions | null, other: Dimensions): Dimensions {
  return one !== null && one.width * one.height >= other.width * other.height ? one : other;
}

/** Whether a segment tells how the picture is coded; some of the same range do not. */
function isFrame(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
}

/** Whether a segment leaves it true that the planes are the picture. */
function keepsPlanes(view: DataView, at: number, marker: number): boolean {
  const end = Math.min(view.byteLength, at + 2 + view.getUint16(at + 2));
  const segment = new Uint8Array(view.buffer, view.byteOffset + at + 4, Math.max(0, end - at - 4));
  if (marker === 0xe1) return !hasText(segment, 0, "Exif\0\0") || isUpright(segment.subarray(6));
  if (marker === 0xe2) return !hasText(segment, 0, "ICC_PROFILE") || isWholeSrgb(segment.subarray(12));
  if (marker === 0xee) return !hasText(segment, 0, "Adobe") || segment[11] === 1; // its transform: YCbCr
  if (isFrame(marker)) {
    const isUsual = marker <= 0xc2 && segment[0] === 8 && segment[5] === 3; // how coded, bits, channels
    const isRgb = segment[6] === 0x52 && segment[9] === 0x47 && segment[12] === 0x42; // their names
    return isUsual && !isRgb;
  }
  return true;
}

/** @param piece of a profile, after its number and how many there are. */
function isWholeSrgb(piece: Uint8Array): boolean {
  return piece[0] === 1 && piece[1] === 1 && isSrgbProfile(piece.subarray(2));
}

/** @param tiff an EXIF block; false also where it cannot be told. */
function isUpright(tiff: Uint8Array): boolean {
  return findOrientation(tiff)?.orientation === 1;
}

/** What an EXIF block says, 1 where it says nothing; null where it cannot be read. `at` is within the block. */
function findOrientation(tiff: Uint8Array): Turn | null {
  const view = new DataView(tiff.buffer, tiff.byteOffset, tiff.byteLength);
  const little = hasText(tiff, 0, "II*\0");
  if ((!little && !hasText(tiff, 0, "MM\0*")) || view.byteLength < 8) return null;
  const directory = view.getUint32(4, little);
  if (directory + 2 > view.byteLength) return null;
  const entries = view.getUint16(directory, little);
  if (directory + 2 + 12 * entries > view.byteLength) return null;
  for (let i = 0; i < entries; i++) {
    const entry = directory + 2 + 12 * i;
    if (view.getUint16(entry, little) !== 0x0112) continue;
    return { orientation: view.getUint16(entry + 8, little), at: entry + 8, littleEndian: little };
  }
  return { orientation: 1, at: 0, littleEndian: little };
}

/** An end marker somewhere after the picture's data began; what an encoder appended after it is ignored. */
function hasJpegEnd(view: DataView, from: number): boolean {
  for (let at = view.byteLength - 2; at > from; at--) {
    if (view.getUint8(at) === 0xff && view.getUint8(at + 1) === 0xd9) return true;
  }
  return false;
}

function readGif(view: DataView): ImageHeader {
  if (view.byteLength < 14) return decodable("GIF", null, true);
  let width = view.getUint16(6, true);
  let height = view.getUint16(8, true);
  let at = 13 + colourBytes(view.getUint8(10));
  while (at + 10 <= view.byteLength) {
    const block = view.getUint8(at);
    if (block === 0x2c) {
      // Decoders make the screen as large as a frame that does not fit it.
      width = Math.max(width, view.getUint16(at + 1, true) + view.getUint16(at + 5, true));
      height = Math.max(height, view.getUint16(at + 3, true) + view.getUint16(at + 7, true));
      at += 11 + colourBytes(view.getUint8(at + 9));
    } else if (block === 0x21) {
      at += 2;
    } else {
      break;
    }
    while (at < view.byteLength && view.getUint8(at) !== 0) at += 1 + view.getUint8(at);
    at++;
  }
  // Only the first frame is used, so a missing end does no harm; the decoder notices if that frame breaks off.
  return decodable("GIF", { width, height }, false);
}

/** Of the table of colours that a GIF's flags announce. */
function colourBytes(flags: number): number {
  return (flags & 0x80) === 0 ? 0 : 3 << ((flags & 7) + 1);
}

function readWebp(bytes: Uint8Array, view: DataView): ImageHeader {
  // A last byte that only pads is left away by some writers.
  const truncated = view.byteLength < 30 || view.byteLength + 1 < view.getUint32(4, true) + 8;
  if (view.byteLength < 30) return decodable("WebP", null, truncated);
  if (hasText(bytes, 12, "VP8X")) {
    const width = 1 + (view.getUint32(24, true) & 0xffffff);
    const height = 1 + (view.getUint32(26, true) >>> 8);
    return decodable("WebP", { width, height }, truncated, { turn: turnOfWebp(bytes, view) });
  }
  if (hasText(bytes, 12, "VP8L")) {
    const bits = view.getUint32(21, true);
    return decodable("WebP", { width: 1 + (bits & 0x3fff), height: 1 + ((bits >>> 14) & 0x3fff) }, truncated);
  }
  if (hasText(bytes, 12, "VP8 ")) {
    const size = { width: view.getUint16(26, true) & 0x3fff, height: view.getUint16(28, true) & 0x3fff };
    return decodable("WebP", size, truncated);
  }
  return decodable("WebP", null, truncated);
}

/** By its EXIF chunk, which Chromium does not obey. */
function turnOfWebp(bytes: Uint8Array, view: DataView): Turn | null {
  for (let at = 12; at + 8 <= view.byteLength;) {
    const length = view.getUint32(at + 4, true);
    if (hasText(bytes, at, "EXIF")) {
      const start = at + 8 + (hasText(bytes, at + 8, "Exif\0\0") ? 6 : 0);
      const found = findOrientation(bytes.subarray(start, at + 8 + length));
      const isTurned = found !== null && found.orientation >= 2 && found.orientation <= 8;
      return isTurned ? { ...found, at: found.at + start } : null;
    }
    at += 8 + length + (length & 1);
  }
  return null;
}

function readBmp(view: DataView): ImageHeader {
  if (view.getUint32(14, true) === 12) {
    return decodable("BMP", { width: view.getUint16(18, true), height: view.getUint16(20, true) }, false);
  }
  const size = { width: Math.abs(view.getInt32(18, true)), height: Math.abs(view.getInt32(22, true)) };
  return decodable("BMP", size, false);
}

/** HEIC, AVIF and videos share a container; `ispe` boxes hold the dimensions of the pictures in it. */
function readIsoMedia(bytes: Uint8Array, view: DataView): ImageHeader | null {
  const brand = String.fromCharCode(...bytes.subarray(8, 12));
  if (brand === "crx ") return undecodable("camera raw (CR3)");
  const isAvif = brand === "avif" || brand === "avis";
  if (!isAvif && !["heic", "heix", "hevc", "hevx", "heim", "heis", "mif1", "msf1"].includes(brand))
    return null;
  let dimensions: ImageHeader["dimensions"] = null;
  const end = Math.min(view.byteLength - 16, 65_536);
  for (let at = 12; at < end; at++) {
    if (!hasText(bytes, at, "ispe")) continue;
    const found = { width: view.getUint32(at + 8), height: view.getUint32(at + 12) };
    if (dimensions === null || found.width * found.height > dimensions.width * dimensions.height)
      dimensions = found;
  }
  return decodable(isAvif ? "AVIF" : "HEIC", dimensions, false);
}

/** SVG is text that may hold scripts and links: it is recognised only to be refused by name. */
function isSvg(bytes: Uint8Array): boolean {
  const start = new TextDecoder("utf-8", { fatal: false }).decode(bytes.subarray(0, 1024)).trimStart();
  return /^<(\?xml|!--|!doctype svg|svg)/i.test(start) && /<svg[\s>]/i.test(start);
}

function ascii(text: string): number[] {
  return Array.from(text, (character) => character.charCodeAt(0));
}

function hasText(bytes: Uint8Array, at: number, text: string): boolean {
  for (let i = 0; i < text.length; i++) if (bytes[at + i] !== text.charCodeAt(i)) return false;
  return true;
}

function startsWith(bytes: Uint8Array, at: number, magic: readonly number[]): boolean {
  return magic.every((byte, i) => bytes[at + i] === byte);
}
