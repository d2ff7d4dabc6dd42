import { describe, expect, it } from "vitest";
import type { ImageBlock } from "../../contract/dataset.ts";
import { AppError } from "../../contract/errors.ts";
import type { ImageRow } from "../../contract/parquet.ts";
import type { Engine, RequestName, Requests } from "../../contract/protocol.ts";
import { writeImageTable, pseudoImage } from "../../formats/testing/parquetWriter.ts";
import { ImageStore } from "../../ml/data/imageStore.ts";
import { openDecodePool } from "./decodePool.ts";
import { ingestTable } from "./ingestImages.ts";
import { openParquetReader, type ParquetReader, type ParquetSource } from "./parquetReader.ts";

const never = new AbortController().signal;

const open = (sources: readonly ParquetSource[], signal = never): Promise<ParquetReader> =>
  openParquetReader(
    sources,
    () => new Worker(new URL("../../worker/decode/parquetWorker.ts", import.meta.url), { type: "module" }),
    signal,
  );

async function fixture(name: string): Promise<Blob> {
  const response = await fetch(`/tools/fixtures/parquet/${name}`);
  expect(response.ok).toBe(true);
  return response.blob();
}

async function readAll(reader: ParquetReader, most = Infinity): Promise<ImageRow[]> {
  const all: ImageRow[] = [];
  for await (const row of (await reader.read(reader.offer.choice, most)).rows) all.push(row);
  return all;
}

/** Bytes behind an address, as far as the worker can tell; notes what is asked for. */
function remote(bytes: Uint8Array<ArrayBuffer>): ParquetSource & { readonly asked: number[] } {
  const asked: number[] = [];
  return {
    name: "far.parquet",
    size: bytes.length,
    asked,
    read: async (start, end) => {
      asked.push(end - start);
      return bytes.slice(start, end);
    },
  };
}

async function picture(type: string, colour: string): Promise<Uint8Array<ArrayBuffer>> {
  const canvas = new OffscreenCanvas(40, 40);
  const context = canvas.getContext("2d")!;
  context.fillStyle = colour;
  context.fillRect(0, 0, 40, 40);
  return new Uint8Array(await (await canvas.convertToBlob({ type })).arrayBuffer());
}

describe("a parquet file in its worker", () => {
  it("is read with what this browser unpacks, brotli included or refused by name", async () => {
    for (const name of ["gzip_v2", "zstd_v1", "snappy_v1"]) {
      const rows = await readAll(await open([{ name, file: await fixture(`${name}.parquet`) }]));
      expect(rows).toHaveLength(40);
      expect(rows[5]).toEqual({ path: `${name}/6`, bytes: null, label: "dog" });
      expect(rows[7]).toEqual({ path: `${name}/8`, bytes: pseudoImage(7, 37), label: "" });
    }
    const file = await fixture("brotli_v1.parquet");
    const reading = open([{ name: "b.parquet", file }]).then((reader) => readAll(reader));
    if (unpacksBrotli()) expect(await reading).toHaveLength(40);
    else await expect(reading).rejects.toMatchObject({ code: "file-unsupported", message: /brotli/ });
  });

  it("is asked for in parts, and what keeps them from coming is told", async () => {
    const images = Array.from({ length: 3000 }, (_, i) => pseudoImage(i, 2000));
    const bytes = writeImageTable({ images, labels: images.map((_, i) => i % 4), rowGroupSize: 3000 });
    const source = remote(bytes);
    const reader = await open([source]);
    expect(source.asked).toHaveLength(1);
    expect(await readAll(reader, 100)).toHaveLength(100);
    expect(source.asked.reduce((sum, length) => sum + length)).toBeLessThan(bytes.length / 3);
    reader.close();

    const failing: ParquetSource = {
      ...source,
      read: () => Promise.reject(new AppError("network-failed", "429: too many requests", { hint: "Wait." })),
    };
    await expect(open([failing])).rejects.toMatchObject({ code: "network-failed", hint: "Wait." });
  });

  it("ends when it is no longer wanted", async () => {
    const controller = new AbortController();
    const stalled: ParquetSource = {
      name: "stalled.parquet",
      size: 1000,
      read: () => {
        setTimeout(() => controller.abort(), 20);
        return new Promise(() => undefined);
      },
    };
    await expect(open([stalled], controller.signal)).rejects.toMatchObject({ code: "cancelled" });
  });

  it("becomes images with labels; rows that hold none are told", async () => {
    const images = [
      await picture("image/png", "#f00"),
      await picture("image/jpeg", "#0f0"),
      null,
      new TextEncoder().encode("no picture"),
      await picture("image/png", "#00f"),
      await picture("image/webp", "#ff0"),
      await picture("image/png", "#f00"),
    ];
    const labels = [0, 1, 1, 0, 1, 0, 0];
    const bytes = writeImageTable({ images, labels, classNames: ["train", "a/b"], rowGroupSize: 2 });
    const reader = await open([{ name: "x.parquet", file: new Blob([bytes]) }]);
    const table = { name: "x", ...(await reader.read(reader.offer.choice, 1000)) };
    const pool = openDecodePool(
      2,
      () => new Worker(new URL("../../worker/decode/decodeWorker.ts", import.meta.url), { type: "module" }),
    );
    const { engine, store } = storeEngine();
    const options = { viewSize: 32, signal: never, onProgress: () => undefined, onReplace: () => undefined };
    const { summary, rejects } = await ingestTable(engine, table, pool, options);
    pool.close();
    reader.close();
    expect(summary).toMatchObject({ name: "x", count: 4, labels: ["train", "a/b"], labelCounts: [2, 2] });
    expect(rejects).toEqual([
      { path: "x.parquet/3", reason: "not-an-image", message: "the row holds no image" },
      expect.objectContaining({ path: "x.parquet/4", reason: "not-an-image" }),
      { path: "x.parquet/7", reason: "duplicate", message: "the same file as x.parquet/1" },
    ]);
    const at = (index: number): number[] => [...store().pixelsOf(index).subarray(0, 3)];
    expect(at(0)).toEqual([255, 0, 0]);
    expect(at(2)).toEqual([0, 0, 255]);
  });
});

function unpacksBrotli(): boolean {
  try {
    new DecompressionStream("brotli" as CompressionFormat);
    return true;
  } catch {
    return false;
  }
}

function storeEngine(): { engine: Engine; store: () => ImageStore } {
  let store = new ImageStore(1);
  const answer = async (name: RequestName, input: unknown): Promise<unknown> => {
    if (name === "clearImages") store = new ImageStore((input as Requests["clearImages"]["in"]).size);
    else if (name === "addImages") store.append(input as ImageBlock);
    else return store.seal({ ...(input as Requests["sealImages"]["in"]), kind: "own" });
    return null;
  };
  return {
    engine: { request: answer as Engine["request"], subscribe: () => () => undefined },
    store: () => store,
  };
}
