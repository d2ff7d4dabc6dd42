import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { pseudoImage, writeImageTable } from "../testing/parquetWriter.ts";
import { readsOrRefuses, refusalOf } from "../testing/refusal.ts";
import { blobSource } from "./byteSource.ts";
import { offerOf } from "./imageColumns.ts";
import { openImageRows } from "./imageRows.ts";
import { openParquet } from "./parquetFile.ts";
import { checkDeltas, checkRuns } from "./runLimits.ts";
import { thriftEnd } from "./thriftLimits.ts";

async function readAll(bytes: Uint8Array<ArrayBuffer>): Promise<number> {
  const file = await openParquet("x.parquet", blobSource(new Blob([bytes])));
  let total = 0;
  for await (const row of openImageRows([file], offerOf([file]).choice, 200).rows)
    total += row.bytes?.length ?? 0;
  return total;
}

const images = Array.from({ length: 60 }, (_, i) => pseudoImage(i % 50, 40 + (i % 5)));
const labels = images.map((_, i) => i % 3);
const whole = (["SNAPPY", "GZIP", "UNCOMPRESSED"] as const).map((codec) =>
  writeImageTable({
    images,
    labels,
    classNames: ["a", "b", "c"],
    rowGroupSize: 25,
    codec,
    ...(codec === "GZIP" ? { compress: gzipSync } : {}),
  }),
);

/** By another writer, in other compressions and encodings. */
const others = ["zstd_v2", "lz4_v1", "snappy_v1", "snappy_v2", "deltas", "plain_columns"].map(
  (name) => new Uint8Array(readFileSync(`tools/fixtures/parquet/${name}.parquet`)),
);
const all = [...whole, ...others];

describe("damaged files are read or refused, quickly, and never crash", () => {
  test("cut off anywhere", async () => {
    for (let length = 0; length < whole[0]!.length; length += 7) {
      const refusal = await refusalOf(() => readAll(whole[0]!.slice(0, length)));
      expect(refusal.hint).toBeDefined();
    }
  });

  test("some bytes changed, footer and pages alike", { timeout: 120_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: all.length - 1 }),
        fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 8 }),
        async (which, changes) => {
          const bytes = all[which]!.slice();
          for (const [at, value] of changes) bytes[at % (bytes.length - 8)] = value;
          const before = process.cpuUsage(); // the clock would measure the machine's other work too
          await readsOrRefuses(() => readAll(bytes));
          expect(process.cpuUsage(before).user / 1e6).toBeLessThan(5);
        },
      ),
      { numRuns: 800 },
    );
  });

  test("random bytes between the marks", async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 400 }), async (middle) => {
        const bytes = new Uint8Array([...middle, 0, 0, 0, 0, 0x50, 0x41, 0x52, 0x31]);
        new DataView(bytes.buffer).setUint32(bytes.length - 8, Math.max(0, middle.length - 4), true);
        await readsOrRefuses(() => readAll(bytes));
      }),
      { numRuns: 1000 },
    );
  });
});

describe("what other decoders would believe", () => {
  const limits = { depth: 8, structures: 100 };

  test("a list of thirty million entries in six bytes, nested", () => {
    const list = [0xf9, 0x80, 0x80, 0x80, 0x10];
    expect(thriftEnd(new Uint8Array([0x19, ...list, ...list, ...list]), 0, limits)).toBeNull();
  });

  test("a number that does not end, depth, and more structures than there may be", () => {
    expect(() => thriftEnd(new Uint8Array(2000).fill(0x80).fill(0x16, 0, 1), 0, limits)).toThrow(
      "does not end",
    );
    expect(() => thriftEnd(new Uint8Array(2000).fill(0x1c), 0, limits)).toThrow("nested");
    const many = new Uint8Array([0x19, 0xfc, 0xff, 0x01, ...new Uint8Array(300)]);
    expect(() => thriftEnd(many, 0, limits)).toThrow("more than 100");
  });

  test("what hyparquet's own structures look like passes, to the byte", () => {
    const bytes = whole[0]!;
    const length = new DataView(bytes.buffer).getUint32(bytes.length - 8, true);
    const start = bytes.length - 8 - length;
    expect(thriftEnd(bytes, start, { depth: 24, structures: 1000 })).toBe(start + length);
  });

  test("runs of a thousand million values", () => {
    const run = new Uint8Array([0xfe, 0xff, 0xff, 0xff, 0x07, 1]);
    expect(() => checkRuns(run, 0, 1, 100)).toThrow("a run of 1073741823 values where there are 100");
    const packed = new Uint8Array([0xff, 0xff, 0xff, 0xff, 0x07, 1]);
    expect(() => checkRuns(packed, 0, 0, 100)).toThrow("where there are 100");
    expect(() => checkRuns(new Uint8Array([200, 1]), 0, 3, 100)).not.toThrow();
    expect(() => checkDeltas(new Uint8Array([0xff, 0xff, 0xff, 0x7f, 1]), 0)).toThrow("delta blocks");
    expect(() => checkDeltas(new Uint8Array([0x80, 1, 0]), 0)).toThrow("in 0 parts");
  });

  test("a page that unpacks a thousandfold is read: its size alone counts", async () => {
    const images = [new Uint8Array(4_000_000)];
    const blank = writeImageTable({ images, codec: "GZIP", compress: gzipSync });
    expect(blank.length).toBeLessThan(20_000);
    await expect(readAll(blank)).resolves.toBe(4_000_000);
  });

  test("a column whose name nobody could read, and more columns than a person looks through", async () => {
    const named = (imageColumn: string): Uint8Array<ArrayBuffer> => writeImageTable({ images, imageColumn });
    const open = (bytes: Uint8Array<ArrayBuffer>) => openParquet("x.parquet", blobSource(new Blob([bytes])));
    expect(offerOf([await open(named("i".repeat(1000)))]).imageColumns).toHaveLength(1);
    const file = await open(named("i".repeat(1001)));
    expect(() => offerOf([file])).toThrow("no column of images");
  });

  test("an encrypted file, a footer that is too large, one longer than its file", async () => {
    const encrypted = whole[0]!.slice();
    encrypted[encrypted.length - 1] = "E".charCodeAt(0);
    expect((await refusalOf(() => readAll(encrypted))).message).toContain("encrypted");
    const long = whole[0]!.slice();
    new DataView(long.buffer).setUint32(long.length - 8, 0x7fff_ffff, true);
    expect((await refusalOf(() => readAll(long))).message).toContain("2147483647 bytes");
    const large = new Uint8Array(20_000_000);
    large.set([0x50, 0x41, 0x52, 0x31], large.length - 4);
    new DataView(large.buffer).setUint32(large.length - 8, 18_000_000, true);
    expect((await refusalOf(() => readAll(large))).code).toBe("file-refused");
  });
});
