/** What `npm run bench -- --part ingest` drives in a browser. */
import { createEngineClient } from "../../../src/page/engine/engineClient.ts";
import { decoderCount } from "../../../src/page/ingest/decodePool.ts";
import { drawJpegs, jpegFiles } from "./jpegFiles.ts";
import { readInOneWorker, readOnMainThread, readWithPool, type Read, type ReadJob } from "./readers.ts";

export type ReaderName = "ours" | "main thread" | "one worker";

export interface IngestPage {
  /** Makes pictures. @returns bytes of a file on average. */
  drawPictures(pictures: number): Promise<number>;
  /** Makes the files that are read from now on. */
  makeFiles(count: number): void;
  /** How many workers the page itself would take. */
  workersOfPage(): number;
  /** @param workers of ours. */
  read(reader: ReaderName, workers: number, job: ReadJob): Promise<ReadReport>;
}

export interface ReadReport extends Omit<Read, "sample"> {
  /** Mean absolute difference of the sample from ours, in levels of 255. */
  readonly difference: number;
}

declare global {
  interface Window {
    ingestBench?: IngestPage;
  }
}

const engine = createEngineClient(
  () => new Worker(new URL("../../../src/worker/engine/entry.ts", import.meta.url), { type: "module" }),
);
let jpegs: readonly Blob[] = [];
let files: readonly File[] = [];
/** By size: the first pictures as ours read them first. */
const references = new Map<number, Uint8Array>();

window.ingestBench = {
  async drawPictures(pictures) {
    jpegs = await drawJpegs(pictures);
    await engine.request("memory", null); // the engine's program is loaded by now
    return jpegs.reduce((bytes, { size }) => bytes + size, 0) / pictures;
  },
  makeFiles: (count) => {
    if (files.length !== count) files = jpegFiles(jpegs, count);
  },
  workersOfPage: () => decoderCount(navigator.hardwareConcurrency),
  async read(reader, workers, job) {
    const { sample, ...read } = await readBy(reader, workers, job);
    const reference = references.get(job.size) ?? sample;
    references.set(job.size, reference);
    return { ...read, difference: meanDifference(sample, reference) };
  },
};

function readBy(reader: ReaderName, workers: number, job: ReadJob): Promise<Read> {
  switch (reader) {
    case "ours":
      return readWithPool(engine, files, workers, job);
    case "main thread":
      return readOnMainThread(files, job);
    case "one worker":
      return readInOneWorker(files, job);
  }
}

function meanDifference(a: Uint8Array, b: Uint8Array): number {
  if (a.length !== b.length) return NaN;
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += Math.abs(a[i]! - b[i]!);
  return sum / a.length;
}
