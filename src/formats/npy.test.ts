import { spawnSync } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { hasPython } from "../../tools/testing/python.ts";
import { writeNpy } from "./npy.ts";

it("begins its numbers at a multiple of 64, after a header that says what they are", () => {
  const bytes = writeNpy(Float32Array.of(1, 2.5, -3, 4, 5, 6), [3, 2]);
  const length = new DataView(bytes.buffer).getUint16(8, true);
  expect((10 + length) % 64).toBe(0);
  expect(new TextDecoder("latin1").decode(bytes.subarray(0, 8))).toBe("\u0093NUMPY\u0001\u0000");
  const header = new TextDecoder().decode(bytes.subarray(10, 10 + length));
  expect(header).toMatch(/^\{'descr': '<f4', 'fortran_order': False, 'shape': \(3, 2\), \} *\n$/);
  expect(new Float32Array(bytes.slice(10 + length).buffer)).toEqual(Float32Array.of(1, 2.5, -3, 4, 5, 6));
});

it.skipIf(!hasPython("numpy"))("is what NumPy loads (where NumPy is at hand)", () => {
  const path = join(mkdtempSync(join(tmpdir(), "npy-")), "rows.npy");
  writeFileSync(path, writeNpy(Float32Array.of(1, 2.5, -3, 4, 5, 6), [3, 2]));
  const code = "import numpy, sys; a = numpy.load(sys.argv[1]); print(a.dtype, a.tolist())";
  const { stdout } = spawnSync("python3", ["-c", code, path], { encoding: "utf8" });
  expect(stdout.trim()).toBe("float32 [[1.0, 2.5], [-3.0, 4.0], [5.0, 6.0]]");
});
