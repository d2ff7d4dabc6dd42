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
  /** A JPEG whose planes, as they are stored, are the picture: YCbCr, upright, sRGB. */
  readonly planar: boolean;
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
  return { format, decodable: false, dimensions: null, truncated: false, planar: false };
}

function decodable(
  format: string,
  dimensions: ImageHeader["dimensions"],
  truncated: boolean,
  planar = false,
): ImageHeader {
  return { format, decodable: true, dimensions, truncated, planar };
}

function readPng(view: DataView): ImageHeader {
  if (view.byteLength < 24) return decodable("PNG", null, true);
  const dimensions = { width: view.getUint32(16), height: view.getUint32(20) };
  let at = 8;
  while (at + 12 <= view.byteLength) {
    if (view.getUint32(at + 4) === 0x49454e44) return decodable("PNG", dimensions, false); // IEND
    at += 12 + view.getUint32(at);
  }
  return decodable("PNG", dimensions, true);
}

function readJpeg(view: DataView): ImageHeader {
  let dimensions: ImageHeader["dimensions"] = null;
  let planar = true;
  let at = 2;
  while (at + 4 <= view.byteLength) {
    if (view.getUint8(at) !== 0xff) return decodable("JPEG", dimensions, true);
    const marker = view.getUint8(at + 1);
    if (marker === 0xff || marker === 0x01 || (marker >= 0xd0 && marker <= 0xd7)) {
      at += marker === 0xff ? 1 : 2; // fill bytes, and markers without a length
      continue;
    }
    if (marker === 0xda) return decodable("JPEG", dimensions, !hasJpegEnd(view, at), planar);
    planar &&= keepsPlanes(view, at, marker);
    if (isFrame(marker) && at + 9 <= view.byteLength) {
      dimensions = { height: view.getUint16(at + 5), width: view.getUint16(at + 7) };
    }
    at += 2 + view.getUint16(at + 2);
  }
  return decodable("JPEG", dimensions, true);
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
  const view = new DataView(tiff.buffer, tiff.byteOffset, tiff.byteLength);
  const little = hasText(tiff, 0, "II*\0");
  if ((!little && !hasText(tiff, 0, "MM\0*")) || view.byteLength < 8) return false;
  const directory = view.getUint32(4, little);
  if (directory + 2 > view.byteLength) return false;
  const entries = view.getUint16(directory, little);
  if (directory + 2 + 12 * entries > view.byteLength) return false;
  for (let i = 0; i < entries; i++) {
    const entry = directory + 2 + 12 * i;
    if (view.getUint16(entry, little) === 0x0112) return view.getUint16(entry + 8, little) === 1;
  }
  return true;
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
  // Only the first frame is used, so a missing end does no harm; the decoder notices if that frame breaks off.
  return decodable("GIF", { width: view.getUint16(6, true), height: view.getUint16(8, true) }, false);
}

function readWebp(bytes: Uint8Array, view: DataView): ImageHeader {
  const truncated = view.byteLength < 30 || view.byteLength < view.getUint32(4, true) + 8;
  if (view.byteLength < 30) return decodable("WebP", null, truncated);
  if (hasText(bytes, 12, "VP8X")) {
    const width = 1 + (view.getUint32(24, true) & 0xffffff);
    const height = 1 + (view.getUint32(26, true) >>> 8);
    return decodable("WebP", { width, height }, truncated);
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
