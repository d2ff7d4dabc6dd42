import { describe, expect, test } from "vitest";
import { goldenFixtures } from "../../../tools/goldenFixtures.ts";
import { verifyCheckpoints } from "./verifyCheckpoints.ts";

const [fixture] = goldenFixtures("7_checkpoints");

describe.runIf(fixture !== undefined)("verifyCheckpoints", () => {
  test("finds every golden checkpoint as its manifest says", async () => {
    const rows = await verifyCheckpoints(fixture!);
    const manifest = fixture!.manifest as unknown as Record<"good" | "broken_and_malicious", unknown[]>;
    expect(rows.length).toBe(manifest.good.length + manifest.broken_and_malicious.length);
    expect(rows.filter((row) => !row.passed)).toEqual([]);
  });

  test("notices files that were mixed up, and refusals that did not come", async () => {
    const mixed = await verifyCheckpoints({
      ...fixture!,
      readFile: (path) =>
        fixture!.readFile!(/^\w+\.safetensors$/.test(path) ? path : "unordered_header.safetensors"),
    });
    const wrong = mixed.filter((row) => !row.passed).map((row) => row.check);
    const replaced = mixed.map((row) => row.check).filter((file) => !/^\w+\.safetensors$/.test(file));
    const lenient = replaced.filter((file) => !wrong.includes(file));
    expect(wrong.length).toBeGreaterThan(100);
    // Only files that may be read, whatever they hold, can pass.
    expect(lenient.every((file) => file.startsWith("broken/"))).toBe(true);
  });
});
