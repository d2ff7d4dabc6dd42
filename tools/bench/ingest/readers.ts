/** Three ways to make small squares of RGB bytes of many files. */
import type { ImageBlock } from "../../../src/contract/dataset.ts";
import type { Engine, RequestName, Requests } from "../../../src/contract/protocol.ts";
import { openDecodePool, type DecodePool } from "../../../src/page/ingest/decodePool.ts";
import { ingestImages } from "../../../src/page/ingest/ingestImages.ts";
import { SquareReader } from "./squareReader.ts";

export interface ReadJob {
  /** Decides at which size images are stored. */
  readonly viewSize: number;
  /** That size. */
  readonly size: number;
}

export interface Read {
  readonly elapsedMs: number;
  /** The first pictures: what the contestants are compared by. */
  readonly sample: Uint8Array;
  /** Pictures being decoded, or waiting for it, at a time; at most. */
  readonly mostUnderWay: number;
}

const sampleImages = 32;

/** The page's own code, into the page's own engine. The clock starts when the workers have. */
export async function readWithPool(
  engine: Engine,
  files: readonly File[],
  workers: number,
  { viewSize, size }: ReadJob,
): Promise<Read> {
  const pool = openDecodePool(
    workers,
    () =>
      new Worker(new URL("../../../src/worker/decode/decodeWorker.ts", import.meta.url), { type: "module" }),
  );
  try {
    const warmUp = files.slice(0, 4 * workers);
    await Promise.all(warmUp.map((file) => pool.request("decode", { source: { kind: "file", file }, size })));
    const counted = countUnderWay(pool);
    const sampled = takeSample(engine, size);
    const startMs = performance.now();
    const collected = files.map((file) => ({ path: file.name, file }));
    const { summary, rejects } = await ingestImages(
      sampled.engine,
      { name: "benchmark", files: collected, rejects: [] },
      counted.pool,
      {
        viewSize,
        signal: new AbortController().signal,
        onProgress: () => undefined,
        onReplace: () => undefined,
      },
    );
    const elapsedMs = performance.now() - startMs;
    if (summary.count !== files.length || summary.size !== size)
      throw new Error(
        `${summary.count} of ${files.length} images at ${summary.size}: ${JSON.stringify(rejects.slice(0, 3))}`,
      );
    return { elapsedMs, sample: sampled.sample(), mostUnderWay: counted.most() };
  } finally {
    pool.close();
  }
}

/** One after the other where React draws, by the browser's own decoder and scaling. */
export async function readOnMainThread(files: readonly File[], { size }: ReadJob): Promise<Read> {
  const reader = new SquareReader(size);
  const startMs = performance.now();
  const pixels = new Uint8Array(files.length * size * size * 3);
  for (const [i, file] of files.entries()) {
    const bitmap = await createImageBitmap(file);
    reader.read(bitmap, pixels, i);
    bitmap.close();
  }
  return result(pixels, size, startMs);
}

/** The same in a worker, scaled by `createImageBitmap`. */
export async function readInOneWorker(files: readonly File[], { size }: ReadJob): Promise<Read> {
  const worker = new Worker(new URL("./scalingWorker.ts", import.meta.url), { type: "module" });
  const ask = (some: readonly File[]): Promise<Uint8Array> =>
    new Promise((resolve, reject) => {
      worker.onmessage = ({ data }: MessageEvent<Uint8Array>) => resolve(data);
      worker.onerror = ({ message }) => reject(new Error(message));
      worker.postMessage({ files: some, size });
    });
  try {
    await ask(files.slice(0, 4));
    const startMs = performance.now();
    return result(await ask(files), size, startMs);
  } finally {
    worker.terminate();
  }
}

function result(pixels: Uint8Array, size: number, startMs: number): Read {
  const elapsedMs = performance.now() - startMs;
  return { elapsedMs, sample: pixels.slice(0, sampleImages * size * size * 3), mostUnderWay: 1 };
}

function countUnderWay(pool: DecodePool): { readonly pool: DecodePool; readonly most: () => number } {
  let underWay = 0;
  let most = 0;
  return {
    pool: {
      ...pool,
      async request(name, input) {
        if (name !== "decode") return pool.request(name, input);
        most = Math.max(most, ++underWay);
        try {
          return await pool.request(name, input);
        } finally {
          underWay--;
        }
      },
    },
    most: () => most,
  };
}

/** Keeps a copy of the first pictures that pass. */
function takeSample(
  engine: Engine,
  size: number,
): { readonly engine: Engine; readonly sample: () => Uint8Array } {
  const wanted = sampleImages * size * size * 3;
  const kept = new Uint8Array(wanted);
  let taken = 0;
  return {
    engine: {
      request<K extends RequestName>(name: K, input: Requests[K]["in"]) {
        if (name === "addImages" && taken < wanted) {
          const some = (input as ImageBlock).pixels.subarray(0, wanted - taken);
          kept.set(some, taken);
          taken += some.length;
        }
        return engine.request(name, input);
      },
      subscribe: (listener) => engine.subscribe(listener),
    },
    sample: () => kept.subarray(0, taken),
  };
}
