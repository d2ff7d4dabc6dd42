/**
 * What it costs to take a few images out of a large parquet file: requests and bytes, which do not depend on the
 * machine.
 *
 *     npx tsx tools/bench/parquet.ts
 *
 * Files as hyparquet-writer makes them, of 20 000 images of 2 300 bytes (a CIFAR-10 picture as PNG), labels beside
 * them. Pages hold 1 MiB or, as pyarrow has it for small row groups, all of a row group.
 */
import { openImageRows } from "../../src/formats/parquet/imageRows.ts";
import { offerOf } from "../../src/formats/parquet/imageColumns.ts";
import { openParquet } from "../../src/formats/parquet/parquetFile.ts";
import { pseudoImage, writeImageTable } from "../../src/formats/testing/parquetWriter.ts";

const rows = 20_000;
const imageBytes = 2_300;
const wanted = 500;

const images = Array.from({ length: rows }, (_, i) => pseudoImage(i, imageBytes));
const labels = images.map((_, i) => i % 10);
const classNames = Array.from({ length: 10 }, (_, i) => `class ${i}`);

process.stdout.write("rows a group | page     | file MB | requests | MB read | share | MB of the images\n");
for (const rowGroupSize of [100, 1000, 10_000, 20_000]) {
  for (const pageSize of [2 ** 20, 2 ** 30]) {
    if (pageSize > 2 ** 20 && rowGroupSize > 1000) continue;
    const bytes = writeImageTable({ images, labels, classNames, rowGroupSize, pageSize });
    let requests = 0;
    let read = 0;
    const file = await openParquet("bench.parquet", {
      size: bytes.length,
      read: async (start, end) => {
        requests++;
        read += end - start;
        return bytes.slice(start, end);
      },
    });
    let taken = 0;
    for await (const row of openImageRows([file], offerOf([file]).choice, wanted).rows)
      taken += row.bytes?.length ?? 0;
    const megabytes = (count: number): string => (count / 1e6).toFixed(2);
    const cells = [
      String(rowGroupSize).padStart(12),
      pageSize === 2 ** 20 ? "1 MiB   " : "group   ",
      megabytes(bytes.length).padStart(7),
      String(requests).padStart(8),
      megabytes(read).padStart(7),
      `${((100 * read) / bytes.length).toFixed(0)} %`.padStart(5),
      megabytes(taken),
    ];
    process.stdout.write(`${cells.join(" | ")}\n`);
  }
}
