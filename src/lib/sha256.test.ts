import { expect, test } from "vitest";
import { hex, sha256 } from "./sha256.ts";

test("is the same with and without the browser's own", async () => {
  const bytes = Uint8Array.from({ length: 1000 }, (_, i) => (i * 37) & 255);
  expect(hex(await sha256(bytes, null))).toBe(hex(await sha256(bytes)));
  // FIPS 180-2, appendix B.1.
  const abc = Uint8Array.of(0x61, 0x62, 0x63);
  const published = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
  expect(hex(await sha256(abc))).toBe(published);
});
