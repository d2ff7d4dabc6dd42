import { inflateSync } from "node:zlib";
import { expect, it } from "vitest";
import { writePng } from "./png.ts";

it("writes chunks with their lengths and checksums, rows unfiltered", async () => {
  const rgb = Uint8Array.from({ length: 3 * 5 * 2 }, (_, i) => (i * 37) % 256);
  const png = Buffer.from(await writePng(rgb, 5, 2));
  expect([...png.subarray(0, 8)]).toEqual([137, 80, 78, 71, 13, 10, 26, 10]);
  const chunks = new Map<string, Buffer>();
  for (let at = 8; at < png.length; at += 12 + png.readUInt32BE(at))
    chunks.set(png.toString("latin1", at + 4, at + 8), png.subarray(at + 8, at + 8 + png.readUInt32BE(at)));
  expect([...chunks.keys()]).toEqual(["IHDR", "IDAT", "IEND"]);
  expect([...chunks.get("IHDR")!]).toEqual([0, 0, 0, 5, 0, 0, 0, 2, 8, 2, 0, 0, 0]);
  expect(png.readUInt32BE(png.length - 4)).toBe(0xae426082); // the checksum of every PNG's end
  const rows = inflateSync(chunks.get("IDAT")!);
  expect([...rows]).toEqual([0, ...rgb.subarray(0, 15), 0, ...rgb.subarray(15)]);
});
