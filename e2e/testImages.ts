/** Real picture files in a temporary folder, drawn from a number so that each is different. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crc32, deflateSync } from "node:zlib";

/** An RGB PNG whose pixel (x, y) is `colour(x, y)`, three bytes. */
export function encodePng(
  width: number,
  height: number,
  colour: (x: number, y: number) => readonly [number, number, number],
): Buffer {
  const rows = Buffer.alloc(height * (1 + 3 * width)); // each row begins with filter 0, "none"
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) rows.set(colour(x, y), y * (1 + 3 * width) + 1 + 3 * x);
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2, 0, 0, 0], 8); // 8 bits, RGB, deflate, filter method 0, not interlaced
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk("IHDR", header),
    chunk("IDAT", deflateSync(rows)),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

function chunk(type: string, content: Buffer): Buffer {
  const typed = Buffer.concat([Buffer.from(type, "latin1"), content]);
  const framed = Buffer.alloc(typed.length + 8);
  framed.writeUInt32BE(content.length, 0);
  framed.set(typed, 4);
  framed.writeUInt32BE(crc32(typed), typed.length + 4);
  return framed;
}

/** Stripes or a disc in a colour and a place of their own. */
export function drawPicture(label: "stripes" | "discs", index: number, side = 40): Buffer {
  const hue = (index * 67) % 256;
  const centre = 12 + ((index * 7) % 16);
  return encodePng(side, side, (x, y) => {
    const on =
      label === "stripes"
        ? (x + index) % 8 < 4
        : (x - centre) ** 2 + (y - centre) ** 2 < 80 + (index % 5) * 20;
    return on ? [hue, 255 - hue, 128] : [(index * 31) % 256, 40 + ((x * y) % 60), 200 - hue / 2];
  });
}

export interface TestFolder {
  readonly path: string;
  readonly count: number;
  remove(): void;
}

/** A folder "pictures" with two sub-folders of pictures, which become labels. */
export function createPictureFolder(perLabel = 24): TestFolder {
  const parent = mkdtempSync(join(tmpdir(), "playground-"));
  const path = join(parent, "pictures");
  for (const label of ["stripes", "discs"] as const) {
    mkdirSync(join(path, label), { recursive: true });
    for (let index = 0; index < perLabel; index++)
      writeFileSync(join(path, label, `${label}-${index}.png`), drawPicture(label, index));
  }
  return { path, count: 2 * perLabel, remove: () => rmSync(parent, { recursive: true, force: true }) };
}
