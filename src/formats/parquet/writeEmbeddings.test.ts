import { parquetReadObjects } from "hyparquet";
import { expect, it } from "vitest";
import { writeEmbeddings } from "./writeEmbeddings.ts";

it("is a table of names, labels and lists of floats", async () => {
  const bytes = writeEmbeddings({
    names: ["a/1.jpg", "ü 2.png", "c.webp"],
    labels: ["a", null, null],
    values: Float32Array.of(1, 2, -3.5, 4, 5, 0.25),
    dim: 2,
  });
  const rows = await parquetReadObjects({ file: bytes.buffer });
  expect(rows).toEqual([
    { name: "a/1.jpg", label: "a", embedding: [1, 2] },
    { name: "ü 2.png", label: null, embedding: [-3.5, 4] },
    { name: "c.webp", label: null, embedding: [5, 0.25] },
  ]);
});
