import { expect, test } from "vitest";
import {
  channelsByRows,
  overItems,
  read,
  repeat,
  shaderOf,
  uniformsOf,
  workgroupsOf,
  write,
  type Kernel,
} from "./kernel.ts";

const kernel = (frame: Pick<Kernel, "threads" | "workgroup">): Kernel => ({
  label: "test",
  bindings: [read("x"), write("y", "f32")],
  shape: { rows: 7, columns: 3 },
  body: "y[0] = x[0].x;",
  ...frame,
});

test.each([1, 3, 16, 512])(
  "any number of rows of %d channel channelGroups fits in a launch, each row once",
  (channelGroups) => {
    for (const rows of [1, 63, 32_768 * 64, 5_000_000]) {
      const frame = channelsByRows(channelGroups, rows);
      const [x, y, z] = workgroupsOf(kernel(frame));
      expect(frame.rowLength).toBe(channelGroups);
      expect(x * y * z * 64).toBeGreaterThanOrEqual(channelGroups * rows);
      expect(Math.max(x, y, z)).toBeLessThanOrEqual(65_535);
    }
  },
);

test("kernels over rows of channels share a shader, whatever their number", () => {
  const over = (channelGroups: number): Kernel => kernel(channelsByRows(channelGroups, 10));
  expect(shaderOf(over(3))).toBe(shaderOf(over(64)));
  expect(Object.values(uniformsOf(over(64))).at(-1)).toBe(64);
});

test("any number of items fits in a launch", () => {
  for (const count of [1, 64, 2 ** 21, 2 ** 21 + 1, 50_000_000]) {
    const [x, y, z] = workgroupsOf(kernel(overItems(count)));
    expect(x * y * z * 64).toBeGreaterThanOrEqual(count);
    expect(Math.max(x, y, z)).toBeLessThanOrEqual(65_535);
  }
});

test("what is too large to launch is refused with its size", () => {
  expect(() => workgroupsOf(kernel({ threads: [70_000, 1, 1], workgroup: [1, 1, 1] }))).toThrow(
    /test needs 70000×1×1/,
  );
});

test("a shader declares its bindings in order, its shape by name, and its workgroup", () => {
  const code = shaderOf(kernel({ threads: [1, 1, 1], workgroup: [8, 4, 2] }));
  expect(code).toContain("struct Shape { rows: i32, columns: i32, }");
  expect(code).toContain("@binding(1) var<storage, read> x: array<vec4f>");
  expect(code).toContain("@binding(2) var<storage, read_write> y: array<f32>");
  expect(code).toContain("@workgroup_size(8, 4, 2)");
});

test("kernels that differ in shape only share a shader", () => {
  const one = kernel({ threads: [1, 1, 1], workgroup: [1, 1, 1] });
  expect(shaderOf({ ...one, shape: { rows: 9, columns: 1 }, threads: [5, 5, 5] })).toBe(shaderOf(one));
});

test("repeat writes a text for each index", () => {
  expect(repeat(3, (i) => `x${i} `)).toBe("x0 x1 x2 ");
});
