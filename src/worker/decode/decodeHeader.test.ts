import fc from "fast-check";
import { deflateSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { readImageHeader } from "./decodeHeader.ts";
import { measureImage } from "./decodeImage.ts";

const bytes = (...parts: (string | readonly number[] | Uint8Array)[]): Uint8Array<ArrayBuffer> =>
  new Uint8Array(
    Buffer.concat(
      parts.map((part) => (typeof part === "string" ? Buffer.from(part, "latin1") : Buffer.from(part))),
    ),
  );
const be32 = (value: number): number[] => [
  value >>> 24,
  (value >>> 16) & 255,
  (value >>> 8) & 255,
  value & 255,
];
const le32 = (value: number): number[] => be32(value).reverse();
const be16 = (value: number): number[] => [value >> 8, value & 255];
const le16 = (value: number): number[] => [value & 255, value >> 8];
const zeros = (count: number): number[] => new Array<number>(count).fill(0);

const pngMagic = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
function png(width: number, height: number): Uint8Array<ArrayBuffer> {
  const idat = deflateSync(Buffer.alloc(64));
  return bytes(
    pngMagic,
    [...be32(13)],
    "IHDR",
    be32(width),
    be32(height),
    [8, 2, 0, 0, 0],
    zeros(4),
    be32(idat.length),
    "IDAT",
    idat,
    zeros(4),
    be32(0),
    "IEND",
    zeros(4),
  );
}
function jpeg(width: number, height: number, frame = 0xc0): Uint8Array<ArrayBuffer> {
  return bytes(
    [0xff, 0xd8],
    [0xff, 0xe0],
    be16(16),
    "JFIF",
    zeros(10),
    // A thumbnail of its own, with its own frame and end, inside an application segment.
    [0xff, 0xe1],
    be16(2 + 17),
    [0xff, 0xd8, 0xff, 0xc0, 0, 11, 8, 0, 9, 0, 9, 1, 1, 0x11, 0, 0xff, 0xd9],
    [0xff, frame],
    be16(11),
    [8],
    be16(height),
    be16(width),
    [1, 1, 0x11, 0],
    [0xff, 0xda],
    be16(8),
    [1, 1, 0, 0, 63, 0],
    [1, 2, 3, 0xff, 0x00, 4],
    [0xff, 0xd9],
  );
}

/** A second frame of this side, one pixel off the corner of a screen of 64. */
function gifFrame(side: number): Uint8Array<ArrayBuffer> {
  const frame = (at: number, length: number): Uint8Array =>
    bytes([0x2c], le16(at), le16(at), le16(length), le16(length), [0x80], zeros(6), [2, 2, 0x4c, 1, 0]);
  const comment = bytes([0x21, 0xfe, 3], "abc", [0]);
  return bytes(
    "GIF89a",
    le16(64),
    le16(64),
    [0x80, 0, 0],
    zeros(6),
    comment,
    frame(0, 64),
    frame(1, side),
    ";",
  );
}

describe("readImageHeader", () => {
  const whole: [string, Uint8Array<ArrayBuffer>, number, number][] = [
    ["PNG", png(300, 20), 300, 20],
    ["JPEG", jpeg(640, 481), 640, 481],
    ["JPEG", jpeg(640, 481, 0xc2), 640, 481],
    ["GIF", bytes("GIF89a", le16(500), le16(3), zeros(10)), 500, 3],
    ["BMP", bytes("BM", zeros(12), le32(40), le32(70), le32(-80), zeros(20)), 70, 80],
    ["BMP", bytes("BM", zeros(12), le32(12), le16(70), le16(81), zeros(20)), 70, 81],
    [
      "WebP",
      bytes("RIFF", le32(30), "WEBPVP8X", le32(10), zeros(4), [0x2b, 0x01, 0], [0x0f, 0x27, 0], zeros(8)),
      300,
      10000,
    ],
    [
      "WebP",
      bytes("RIFF", le32(30), "WEBPVP8L", le32(10), [0x2f], le32(299 | (1233 << 14)), zeros(13)),
      300,
      1234,
    ],
    [
      "WebP",
      bytes(
        "RIFF",
        le32(30),
        "WEBPVP8 ",
        le32(10),
        zeros(3),
        [0x9d, 1, 0x2a],
        le16(300),
        le16(1234),
        zeros(8),
      ),
      300,
      1234,
    ],
    [
      "AVIF",
      bytes(be32(24), "ftypavif", zeros(12), be32(20), "ispe", zeros(4), be32(64), be32(48), zeros(20)),
      64,
      48,
    ],
    [
      "HEIC",
      bytes(
        be32(24),
        "ftypheic",
        zeros(12),
        be32(20),
        "ispe",
        zeros(4),
        be32(512),
        be32(512),
        be32(20),
        "ispe",
        zeros(4),
        be32(4032),
        be32(3024),
        zeros(20),
      ),
      4032,
      3024,
    ],
  ];
  it.each(whole)("reads the dimensions of a %s", (format, file, width, height) => {
    expect(readImageHeader(file)).toEqual({
      format,
      decodable: true,
      dimensions: { width, height },
      truncated: false,
      unended: false,
      turn: null,
      planar: false,
    });
  });

  describe("tells which JPEGs are upright YCbCr in sRGB", () => {
    const segment = (marker: number, ...content: (string | readonly number[])[]): Uint8Array => {
      const body = bytes(...content);
      return bytes([0xff, marker], be16(2 + body.length), body);
    };
    const frame = (marker = 0xc0, bits = 8, names: readonly number[] = [1, 2, 3]): Uint8Array =>
      segment(
        marker,
        [bits],
        be16(40),
        be16(50),
        [names.length],
        names.flatMap((name) => [name, 0x11, 0]),
      );
    const exif = (order: "MM" | "II", orientation: number, tag = 0x0112): Uint8Array => {
      const [n16, n32] = order === "MM" ? [be16, be32] : [le16, le32];
      const entry = [...n16(tag), ...n16(3), ...n32(1), ...n16(orientation), 0, 0];
      return segment(0xe1, "Exif\0\0", order, n16(42), n32(8), n16(1), entry, n32(0));
    };
    const adobe = (transform: number): Uint8Array => segment(0xee, "Adobe", zeros(6), [transform]);
    const planar = (...segments: Uint8Array[]): boolean | undefined =>
      readImageHeader(
        bytes([0xff, 0xd8], ...segments, segment(0xda, [1, 1, 0, 0, 63, 0]), [1, 2, 0xff, 0xd9]),
      )?.planar;

    it.each([
      ["baseline", [frame()]],
      ["progressive", [frame(0xc2)]],
      ["with a JFIF header", [segment(0xe0, "JFIF\0", zeros(9)), frame()]],
      ["upright by its EXIF", [exif("MM", 1), frame()]],
      ["upright by its EXIF, little end first", [exif("II", 1), frame()]],
      ["EXIF that does not speak of it", [exif("II", 6, 0x0110), frame()]],
      ["XMP", [segment(0xe1, "http://ns.adobe.com/xap/1.0/\0"), frame()]],
      ["by Adobe, YCbCr", [adobe(1), frame()]],
      ["several pictures in one file", [segment(0xe2, "MPF\0", zeros(9)), frame()]],
    ])("%s: yes", (_, segments) => expect(planar(...segments)).toBe(true));

    it.each([
      ["turned", [exif("MM", 6), frame()]],
      ["turned, little end first", [exif("II", 3), frame()]],
      ["EXIF that cannot be read", [segment(0xe1, "Exif\0\0", zeros(30)), frame()]],
      ["EXIF that breaks off", [segment(0xe1, "Exif\0\0MM\0*", be32(8), be16(9)), frame()]],
      ["a colour profile that is not sRGB", [segment(0xe2, "ICC_PROFILE\0", [1, 1], zeros(200)), frame()]],
      ["grey", [frame(0xc0, 8, [1])]],
      ["CMYK", [adobe(2), frame(0xc0, 8, [1, 2, 3, 4])]],
      ["RGB by Adobe", [adobe(0), frame()]],
      ["RGB by its channels' names", [frame(0xc0, 8, [0x52, 0x47, 0x42])]],
      ["12 bits", [frame(0xc1, 12)]],
      ["lossless", [frame(0xc3)]],
    ])("%s: no", (_, segments) => expect(planar(...segments)).toBe(false));
  });

  it.each(["PNG", "JPEG"])("notices a %s that breaks off anywhere", (format) => {
    const file = format === "PNG" ? png(30, 20) : jpeg(30, 20);
    for (let length = 12; length < file.length; length++) {
      const header = readImageHeader(file.slice(0, length));
      // The very last bytes of a PNG are a checksum nobody needs.
      if (format === "PNG" && length >= file.length - 4) continue;
      const broken = header?.truncated === true || header?.unended === true;
      expect({ format: header?.format, broken }, `${length} of ${file.length} bytes`).toEqual({
        format,
        broken: true,
      });
    }
    const appended = readImageHeader(bytes(file, "appended by the camera"));
    expect(appended).toMatchObject({ truncated: false, unended: false });
  });

  it.each([
    ["TIFF or camera raw", bytes([0x49, 0x49, 0x2a, 0], zeros(40))],
    ["camera raw (CR3)", bytes(be32(24), "ftypcrx ", zeros(40))],
    ["Photoshop", bytes("8BPS", zeros(40))],
    ["JPEG XL", bytes(be32(12), "JXL \r\n", zeros(40))],
    ["icon", bytes([0, 0, 1, 0, 1, 0], zeros(40))],
    ["SVG", bytes('<?xml version="1.0"?>\n<svg xmlns="x" onload="alert(1)"></svg>')],
    ["SVG", bytes("  <svg viewBox='0 0 1 1'><script>alert(1)</script></svg>")],
  ])("names %s and does not offer it to the decoder", (format, file) => {
    expect(readImageHeader(file)).toMatchObject({ format, decodable: false });
  });

  it.each([
    ["text", bytes("just some notes, saved as photo.jpg")],
    ["HTML", bytes("<!doctype html><svg></svg>")],
    ["a zip", bytes("PK\u0003\u0004", zeros(60))],
    ["a PDF", bytes("%PDF-1.7", zeros(60))],
    ["a video", bytes(be32(24), "ftypisom", zeros(60))],
    ["BM as the start of a word", bytes("BMW is a maker of cars, and this is a text about them")],
  ])("knows %s for no picture", (_, file) => {
    expect(readImageHeader(file)).toBeNull();
  });

  it("neither throws nor hangs on any bytes, with any of the beginnings", () => {
    const starts = [...whole.map(([, file]) => file), bytes("II*\0"), bytes("<svg"), bytes([])];
    fc.assert(
      fc.property(
        fc.constantFrom(...starts),
        fc.nat(80),
        fc.uint8Array({ maxLength: 300 }),
        (start, keep, rest) => {
          const header = readImageHeader(bytes(start.slice(0, keep), rest));
          if (header?.dimensions) {
            expect(header.dimensions.width).toBeGreaterThanOrEqual(0);
            expect(header.dimensions.height).toBeGreaterThanOrEqual(0);
          }
        },
      ),
      { numRuns: 3000 },
    );
  });
});

describe("what decoders put up with", () => {
  const frame = [0xff, 0xc0, ...be16(11), 8, ...be16(40), ...be16(50), 1, 1, 0x11, 0];
  const scan = [0xff, 0xda, ...be16(8), 1, 1, 0, 0, 63, 0, 1, 2, 0xff, 0xd9];

  it.each([
    ["stray bytes", [7, 7, 0, 7]],
    ["a stuffed byte", [0xff, 0, 9]],
    ["fill bytes", [0xff, 0xff]],
    ["restart markers", [0xff, 0xd0, 0xff, 0x01]],
  ])("reads a JPEG with %s between its segments", (_, stray) => {
    const table = [0xff, 0xdb, ...be16(4), 1, 2];
    expect(readImageHeader(bytes([0xff, 0xd8], table, stray, frame, stray, scan))).toMatchObject({
      dimensions: { width: 50, height: 40 },
      truncated: false,
      unended: false,
    });
  });

  it("takes the largest of several frames, so that no limit is passed by a small one", () => {
    const large = [0xff, 0xc0, ...be16(11), 8, ...be16(60_000), ...be16(60_000), 1, 1, 0x11, 0];
    expect(readImageHeader(bytes([0xff, 0xd8], large, frame, scan))?.dimensions).toEqual({
      width: 60_000,
      height: 60_000,
    });
  });

  it("takes frames beyond a GIF's screen into account, also of later frames", () => {
    expect(readImageHeader(gifFrame(300))?.dimensions).toEqual({ width: 301, height: 301 });
  });

  it.each([
    ["II", 6],
    ["MM", 8],
    ["MM", 1],
    ["II", 9],
  ] as const)("finds how a WebP lies: %s, %i", (order, orientation) => {
    const [n16, n32] = order === "II" ? [le16, le32] : [be16, be32];
    const entry = [...n16(0x0112), ...n16(3), ...n32(1), ...n16(orientation), 0, 0];
    for (const prefix of ["", "Exif\0\0"]) {
      const exif = bytes(prefix, order, n16(42), n32(8), n16(1), entry, n32(0));
      const head = bytes(
        "VP8X",
        le32(10),
        [8, 0, 0, 0],
        [99, 0, 0],
        [49, 0, 0],
        "VP8L",
        le32(3),
        [1, 2, 3, 0],
      );
      const body = bytes(head, "EXIF", le32(exif.length), exif);
      const file = bytes("RIFF", le32(4 + body.length), "WEBP", body);
      const turn = readImageHeader(file)?.turn;
      if (orientation === 1 || orientation === 9) {
        expect(turn).toBeNull();
        continue;
      }
      expect(turn).toMatchObject({ orientation, littleEndian: order === "II" });
      expect(new DataView(file.buffer).getUint16(turn!.at, order === "II")).toBe(orientation);
    }
  });
});

describe("measureImage", () => {
  it.each([
    ["empty", bytes(), "not-an-image", "the file is empty"],
    ["a text", bytes("hello, world"), "not-an-image", "not a kind of picture we know"],
    ["one pixel", png(1, 1), "too-small", "1 × 1 pixels, at least 16 × 16 are needed"],
    ["a strip", png(2000, 15), "too-small", "2000 × 15 pixels"],
    ["a bomb", png(30_000, 30_000), "too-large", "30000 × 30000 pixels (900 megapixels), the limit is 64"],
    ["a larger bomb", png(0xffffffff, 0xffffffff), "too-large", "4294967295 × 4294967295"],
    ["no height", jpeg(30, 0), "corrupt", "without the dimensions"],
    ["half a JPEG", jpeg(30, 30).slice(0, -20), "corrupt", "JPEG that ends before its picture does"],
    [
      "a GIF whose frame is larger than its screen",
      gifFrame(16_000),
      "too-large",
      "16001 × 16001 pixels (256",
    ],
    ["a web page", bytes("<!DOCTYPE html><title>Log in</title>"), "not-an-image", "a web page"],
    ["a 7z archive", bytes("7z\xbc\xaf\x27\x1c", zeros(60)), "not-an-image", "a 7z archive. Unpack it"],
    ["a gzip archive", bytes([0x1f, 0x8b], zeros(60)), "not-an-image", "a gzip archive"],
    ["HEIC cut short", bytes(be32(24), "ftypheic", zeros(12)), "unsupported", "HEIC cannot be read here"],
    [
      "TIFF",
      bytes("MM\0*", zeros(40)),
      "unsupported",
      "TIFF or camera raw cannot be read here; save it as JPEG or PNG",
    ],
  ])("refuses %s", (_, file, reason, message) => {
    const result = measureImage(file);
    expect(result).toMatchObject({ reason });
    expect("message" in result && result.message).toContain(message);
  });

  it("lets an ordinary picture pass", () => {
    expect(measureImage(jpeg(8160, 6120))).toEqual({
      format: "JPEG",
      width: 8160,
      height: 6120,
      planar: false,
      unended: false,
      turn: null,
    });
  });
});
