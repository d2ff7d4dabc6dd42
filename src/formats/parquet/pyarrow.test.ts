/** Files that pyarrow wrote, by tools/fixtures/parquet/make.py. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { ImageRow } from "../../contract/parquet.ts";
import { pseudoImage } from "../testing/parquetWriter.ts";
import { refusalOf } from "../testing/refusal.ts";
import { blobSource } from "./byteSource.ts";
import { offerOf } from "./imageColumns.ts";
import { openImageRows } from "./imageRows.ts";
import { openParquet } from "./parquetFile.ts";

const folder = "tools/fixtures/parquet";
const rows = 40;
const classNames = ["airplane", "cat", "dog"];

const open = (name: string) => openParquet(name, blobSource(new Blob([readFileSync(join(folder, name))])));

async function readAll(name: string): Promise<ImageRow[]> {
  const file = await open(name);
  const { count, rows: read } = openImageRows([file], offerOf([file]).choice, Infinity);
  const all: ImageRow[] = [];
  for await (const row of read) all.push(row);
  expect(count).toBe(all.length);
  return all;
}

/** Row 5 holds no image, row 7 no label; row 9 shows what row 8 shows. */
function expectRows(all: readonly ImageRow[]): void {
  expect(all).toHaveLength(rows);
  all.forEach(({ bytes, label }, i) => {
    const shown = i === 9 ? 8 : i;
    expect(bytes).toEqual(i === 5 ? null : pseudoImage(shown, 30 + (shown % 11)));
    expect(label).toBe(i === 7 ? "" : classNames[i % 3]);
  });
}

// Node 20 does not unpack brotli in streams; browsers are asked in parquetReader.browser.test.ts.
const readable = readdirSync(folder).filter((name) => /^(?!brotli|refused).*\.parquet$/.test(name));

test("all fixtures are there", () => expect(readable).toHaveLength(12));

test.each(readable)("%s", async (name) => expectRows(await readAll(name)));

test("columns are found by what the datasets library notes, and by type", async () => {
  expect(offerOf([await open("snappy_v1.parquet")])).toMatchObject({
    rows,
    imageColumns: ["img"],
    labelColumns: [{ name: "label", classes: 3 }],
    choice: { imageColumn: "img", labelColumn: "label" },
  });
  expect(offerOf([await open("plain_columns.parquet")])).toMatchObject({
    imageColumns: ["jpg"],
    labelColumns: [{ name: "class", classes: null }, { name: "id" }],
    choice: { imageColumn: "jpg", labelColumn: "class" },
  });
});

test("an encoding that could unpack without end is refused by its name", async () => {
  const refusal = await refusalOf(() => readAll("refused.parquet"));
  expect(refusal.message).toContain("DELTA_BYTE_ARRAY");
});
