import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import type { ImageRow } from "../../contract/parquet.ts";
import { pseudoImage, writeImageTable } from "../testing/parquetWriter.ts";
import { refusalOf } from "../testing/refusal.ts";
import { blobSource, type ByteSource } from "./byteSource.ts";
import { filesWithImages, offerOf } from "./imageColumns.ts";
import { openImageRows } from "./imageRows.ts";
import { openParquet, type ParquetFile } from "./parquetFile.ts";

const open = (bytes: Uint8Array<ArrayBuffer>, name = "train.parquet"): Promise<ParquetFile> =>
  openParquet(name, blobSource(new Blob([bytes])));

async function readAll(files: readonly ParquetFile[], most = Infinity): Promise<ImageRow[]> {
  const rows: ImageRow[] = [];
  for await (const row of openImageRows(files, offerOf(files).choice, most).rows) rows.push(row);
  return rows;
}

const images = Array.from({ length: 250 }, (_, i) => pseudoImage(i, 200 + (i % 7) * 50));
const classNames = ["airplane", "cat", "dog"];

test.each(["SNAPPY", "GZIP", "UNCOMPRESSED"] as const)(
  "images and class names over several row groups, %s",
  async (codec) => {
    const labels = images.map((_, i) => i % 3);
    const bytes = writeImageTable({
      images,
      labels,
      classNames,
      codec,
      ...(codec === "GZIP" ? { compress: gzipSync } : {}),
      pageSize: 2000,
    });
    const file = await open(bytes);
    expect(offerOf([file])).toMatchObject({
      rows: 250,
      imageColumns: ["image"],
      labelColumns: [{ name: "label", classes: 3 }],
      choice: { imageColumn: "image", labelColumn: "label" },
    });
    expect(file.rowGroups).toHaveLength(3);
    const rows = await readAll([file]);
    expect(rows.map(({ label }) => label)).toEqual(labels.map((label) => classNames[label]));
    expect(rows.map(({ bytes }) => bytes)).toEqual(images);
    expect(rows[0]?.path).toBe("train.parquet/1");
    expect(rows[249]?.path).toBe("train.parquet/250");
  },
);

test("a plain column of bytes, text for labels, and rows that hold nothing", async () => {
  const some = images.slice(0, 20).map((bytes, i) => (i === 3 ? null : bytes));
  const labels = some.map((_, i) => (i === 5 ? null : ["übung", "probe"][i % 2]!));
  const file = await open(writeImageTable({ images: some, labels, plain: true, imageColumn: "jpg" }));
  const rows = await readAll([file]);
  expect(rows.map(({ bytes }) => bytes)).toEqual(some);
  expect(rows.map(({ label }) => label)).toEqual(labels.map((label) => label ?? ""));
});

test("−1 and numbers without a name are what they are", async () => {
  const labels = [0, -1, 7, 2];
  const file = await open(writeImageTable({ images: images.slice(0, 4), labels, classNames }));
  expect((await readAll([file])).map(({ label }) => label)).toEqual(["airplane", "", "7", "dog"]);
});

test("repeated images go through a dictionary", async () => {
  const two = Array.from({ length: 64 }, (_, i) => images[i % 2]!);
  const file = await open(writeImageTable({ images: two, labels: two.map((_, i) => i % 2) }));
  expect((await readAll([file])).map(({ bytes }) => bytes)).toEqual(two);
});

test("several files are one data set; other columns are refused by name", async () => {
  const labels = images.map((_, i) => i % 3);
  const one = await open(writeImageTable({ images, labels, classNames }), "a.parquet");
  const two = await open(writeImageTable({ images, labels, classNames }), "b.parquet");
  expect(offerOf([one, two])).toMatchObject({ files: 2, rows: 500 });
  const rows = await readAll([one, two], 60);
  expect(rows).toHaveLength(60);
  expect(rows.filter(({ path }) => path.startsWith("b.parquet/"))).toHaveLength(30);

  const other = await open(writeImageTable({ images, imageColumn: "scan" }), "c.parquet");
  const refusal = await refusalOf(() => readAll([one, other]));
  expect(refusal.message).toContain('"c.parquet" has no column "image"');
});

test("no column of images: refused with the columns there are", async () => {
  const { parquetWriteBuffer } = await import("hyparquet-writer");
  const bytes = new Uint8Array(
    parquetWriteBuffer({ columnData: [{ name: "text", data: ["a", "b"], type: "STRING" }] }),
  );
  const refusal = await refusalOf(async () => offerOf([await open(bytes)]));
  expect(refusal.message).toContain("no column of images");
  expect(refusal.details).toEqual(["text: BYTE_ARRAY"]);
});

/** Counts what is read. */
function counting(bytes: Uint8Array<ArrayBuffer>): ByteSource & { requests: number; bytes: number } {
  const source = blobSource(new Blob([bytes]));
  const counted = {
    size: source.size,
    requests: 0,
    bytes: 0,
    read: (start: number, end: number) => {
      counted.requests++;
      counted.bytes += end - start;
      return source.read(start, end);
    },
  };
  return counted;
}

test("a few rows of a large row group take a few requests and little more than their own bytes", async () => {
  const large = Array.from({ length: 4000 }, (_, i) => pseudoImage(i, 2500)); // as CIFAR-10's PNGs
  const labels = large.map((_, i) => i % 3);
  const bytes = writeImageTable({ images: large, labels, classNames, rowGroupSize: 4000 });
  const source = counting(bytes);
  const file = await openParquet("large.parquet", source);
  expect(await readAll([file], 500)).toHaveLength(500);
  const wanted = 500 * 2500;
  expect(source.requests).toBeLessThanOrEqual(5);
  expect(source.bytes).toBeLessThan(wanted + 1024 * 1024 + 3 * 64 * 1024); // a page of 1 MiB, footer, labels
});

test("tables about the images are left out, wherever they stand; so is what has another column of them", async () => {
  const { parquetWriteBuffer } = await import("hyparquet-writer");
  const urls = parquetWriteBuffer({ columnData: [{ name: "url", data: ["a", "b"], type: "STRING" }] });
  const about = await open(new Uint8Array(urls), "0.parquet");
  const one = await open(writeImageTable({ images: images.slice(0, 3) }), "1.parquet");
  const other = await open(writeImageTable({ images: images.slice(3, 5), imageColumn: "scan" }), "2.parquet");
  const why = 'it has no column "image" of images.';
  const leftOut = [
    { name: "0.parquet", why },
    { name: "2.parquet", why },
  ];
  expect(offerOf([about, one, other])).toMatchObject({ files: 1, rows: 3, imageColumns: ["image"], leftOut });
  expect(filesWithImages([about, one, other]).used).toEqual([one]);
});
