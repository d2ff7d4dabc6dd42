import { describe, expect, test } from "vitest";
import { byName, goldenFixtures } from "../tools/goldenFixtures.ts";
import { verifyCheckpoints } from "./verifyCheckpoints.ts";

/** A .safetensors file with one tensor that no fixture has. */
function anotherFile(): Uint8Array<ArrayBuffer> {
  const header = '{"surprise":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}';
  return new Uint8Array([header.length, 0, 0, 0, 0, 0, 0, 0, ...new TextEncoder().encode(header), 7]);
}

describe.each(byName(goldenFixtures("7_checkpoints")))("verifyCheckpoints on %s", (_name, fixture) => {
  test("finds every checkpoint as its manifest says", async () => {
    const rows = await verifyCheckpoints(fixture);
    const manifest = fixture.manifest as unknown as Record<"good" | "broken_and_malicious", unknown[]>;
    expect(rows.length).toBe(manifest.good.length + manifest.broken_and_malicious.length);
    expect(rows.filter((row) => !row.passed)).toEqual([]);
  });

  test("notices files that were mixed up, and refusals that did not come", async () => {
    const kept = /^\w+\.safetensors$/;
    const mixed = await verifyCheckpoints({
      ...fixture,
      readFile: async (path) => (kept.test(path) ? fixture.readFile!(path) : anotherFile()),
    });
    const replaced = mixed.filter((row) => !kept.test(row.check));
    const lenient = replaced.filter((row) => row.passed);
    expect(replaced.length).toBeGreaterThan(10 * lenient.length);
    // Only files that may be read, whatever they hold, can pass.
    expect(lenient.every((row) => row.check.startsWith("broken/"))).toBe(true);
  });
});
