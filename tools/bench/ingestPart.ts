import { chromium, type Browser, type Page } from "playwright";
import { chromiumLaunchOptions, ensureChromium } from "../browser.ts";
import { serveSources } from "./benchBrowser.ts";
import { ChromiumUsage } from "./chromiumUsage.ts";
import { formatTable } from "./formatTable.ts";
import type { ReaderName } from "./ingest/page.ts";
import type { ReadJob } from "./ingest/readers.ts";
import { measureInRounds } from "./rounds.ts";
import { median } from "./timing.ts";

/** One way to read images, at one size. */
interface IngestRow {
  readonly reader: ReaderName;
  /** Of ours; the others have none, or one. */
  readonly workers: number;
  /** Side of the squares that are stored. */
  readonly size: number;
  /** Medians over the repetitions. */
  readonly imagesPerSecond: number;
  /** For each second of processor time, of all threads and processes of the browser. */
  readonly imagesPerCpuSecond: number;
  readonly repetitions: number;
  /** Mean absolute difference from ours in levels of 255. */
  readonly difference: number;
  readonly agrees: boolean;
}

/** Many images in one go, as the page reads them. */
interface LongRead {
  readonly images: number;
  readonly workers: number;
  readonly elapsedSeconds: number;
  readonly imagesPerSecond: number;
  readonly imagesPerCpuSecond: number;
  /** What they take in the engine when all are read. */
  readonly storedBytes: number;
  /** The browser's memory at most while reading, above that before; null where the system does not tell. */
  readonly peakBytes: number | null;
  readonly mostUnderWay: number;
}

export interface IngestReport {
  readonly logicalCores: number;
  readonly bytesPerFile: number;
  readonly rows: readonly IngestRow[];
  readonly long: readonly LongRead[];
}

/** Different pictures; files repeat them. */
const pictures = 256;
/** Two browsers' scalers, or two filters, differ by a few levels on noisy pictures; wrong pictures by dozens. */
const tolerance = 6;
const jobs: readonly ReadJob[] = [
  { viewSize: 32, size: 48 },
  { viewSize: 128, size: 192 },
];

/** Reads JPEGs as the page does, with one worker and more, beside what browsers offer without workers of ours. */
export async function benchIngest(
  { quick, repetitions }: { readonly quick: boolean; readonly repetitions: number },
  log: (line: string) => void,
): Promise<IngestReport> {
  await using browser = await IngestBrowser.open();
  const { page, logicalCores } = browser;
  const bytesPerFile = await page.evaluate((count) => window.ingestBench!.drawPictures(count), pictures);
  log(`${pictures} pictures of 500 × 375, ${(bytesPerFile / 1000).toFixed(1)} kB each as JPEG`);
  const rows: IngestRow[] = [];
  for (const job of quick ? jobs.slice(0, 1) : jobs) {
    const images = quick ? 500 : 1500;
    rows.push(...(await benchReaders(browser, job, images, Math.min(repetitions, quick ? 2 : 3))));
  }
  const long: LongRead[] = [];
  for (const images of quick ? [2000] : [2500, 10_000]) long.push(await readMany(browser, images));
  return { logicalCores, bytesPerFile, rows, long };
}

async function benchReaders(
  browser: IngestBrowser,
  job: ReadJob,
  images: number,
  repetitions: number,
): Promise<readonly IngestRow[]> {
  const counts = Array.from({ length: browser.logicalCores }, (_, i) => i + 1).filter(isWorthMeasuring);
  const lanes = [
    ...counts.map((workers) => new ReaderLane(browser, "ours", workers, images, job)),
    new ReaderLane(browser, "main thread", 0, images, job),
    new ReaderLane(browser, "one worker", 1, images, job),
  ];
  await measureInRounds(lanes, { repetitions, budgetMs: 60_000 });
  return lanes.map((lane) => lane.row());
}

/** 1, 2, 3, 4, 6, 8, 12, 16 …: on many cores not every number tells something new. */
function isWorthMeasuring(workers: number): boolean {
  return workers <= 4 || Number.isInteger(Math.log2(workers)) || Number.isInteger(Math.log2(workers / 3));
}

class ReaderLane {
  readonly #perSecond: number[] = [];
  readonly #perCpuSecond: number[] = [];
  #difference = 0;

  constructor(
    private readonly browser: IngestBrowser,
    private readonly reader: ReaderName,
    private readonly workers: number,
    private readonly images: number,
    private readonly job: ReadJob,
  ) {}

  async measure(): Promise<number> {
    const { reader, workers, images, job } = this;
    const { elapsedMs, cpuSeconds, difference } = await this.browser.read(reader, images, workers, job);
    this.#perSecond.push((1000 * images) / elapsedMs);
    this.#perCpuSecond.push(images / cpuSeconds);
    this.#difference = difference;
    return elapsedMs;
  }

  row(): IngestRow {
    return {
      reader: this.reader,
      workers: this.workers,
      size: this.job.size,
      imagesPerSecond: median(this.#perSecond),
      imagesPerCpuSecond: median(this.#perCpuSecond),
      repetitions: this.#perSecond.length,
      difference: this.#difference,
      agrees: this.#difference <= tolerance,
    };
  }
}

async function readMany(browser: IngestBrowser, images: number): Promise<LongRead> {
  const job = jobs[0] as ReadJob;
  const workers = await browser.page.evaluate(() => window.ingestBench!.workersOfPage());
  // Leaves the engine's former images behind, and garbage.
  await browser.read("ours", 16, workers, job);
  await browser.collectGarbage();
  const before = await browser.usage.memoryBytes();
  let read: Awaited<ReturnType<IngestBrowser["read"]>> | undefined;
  const peak = await browser.usage.peakBytesDuring(async () => {
    read = await browser.read("ours", images, workers, job);
  });
  if (read === undefined) throw new Error("nothing was read");
  const elapsedSeconds = read.elapsedMs / 1000;
  return {
    images,
    workers,
    elapsedSeconds,
    imagesPerSecond: images / elapsedSeconds,
    imagesPerCpuSecond: images / read.cpuSeconds,
    storedBytes: images * job.size ** 2 * 3,
    peakBytes: peak === null || before === null ? null : peak - before,
    mostUnderWay: read.mostUnderWay,
  };
}

class IngestBrowser {
  private constructor(
    readonly page: Page,
    readonly usage: ChromiumUsage,
    readonly logicalCores: number,
    private readonly close: () => Promise<void>,
  ) {}

  static async open(): Promise<IngestBrowser> {
    ensureChromium();
    const server = await serveSources();
    let browser: Browser | undefined;
    try {
      browser = await chromium.launch(chromiumLaunchOptions({ webgpu: "hardware" }));
      const opened = browser;
      const page = await browser.newPage();
      page.setDefaultTimeout(0);
      await page.goto(`${server.resolvedUrls?.local[0] ?? ""}tools/bench/ingest/index.html`);
      await page.waitForFunction(() => window.ingestBench !== undefined, undefined, { timeout: 120_000 });
      const cores = await page.evaluate(() => navigator.hardwareConcurrency);
      return new IngestBrowser(page, await ChromiumUsage.of(browser), cores, async () => {
        await opened.close();
        await server.close();
      });
    } catch (error) {
      await browser?.close();
      await server.close();
      throw error;
    }
  }

  async read(reader: ReaderName, images: number, workers: number, job: ReadJob) {
    await this.page.evaluate((count) => window.ingestBench!.makeFiles(count), images);
    const startCpuSeconds = await this.usage.cpuSeconds();
    const report = await this.page.evaluate(
      (asked) => window.ingestBench!.read(asked.reader, asked.workers, asked.job),
      { reader, workers, job },
    );
    return { ...report, cpuSeconds: (await this.usage.cpuSeconds()) - startCpuSeconds };
  }

  async collectGarbage(): Promise<void> {
    const devtools = await this.page.context().newCDPSession(this.page);
    await devtools.send("HeapProfiler.collectGarbage");
    await devtools.detach();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

export function ingestIsSound({ rows }: IngestReport): boolean {
  return rows.every(({ agrees }) => agrees);
}

export function formatIngest({ rows, long }: IngestReport): string {
  const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(0)} MB`;
  const readers = formatTable(
    ["reader", "stored at", "images/s", "per CPU second", "differs by"],
    rows.map(({ reader, workers, size, imagesPerSecond, imagesPerCpuSecond, difference, agrees }) => [
      reader === "ours" ? `ours, ${workers} worker${workers === 1 ? "" : "s"}` : reader,
      `${size} × ${size}`,
      imagesPerSecond.toFixed(0),
      imagesPerCpuSecond.toFixed(0),
      agrees ? difference.toFixed(1) : `${difference.toFixed(1)}: other pictures`,
    ]),
  );
  const many = formatTable(
    [
      "as the page reads",
      "workers",
      "seconds",
      "images/s",
      "per CPU second",
      "under way",
      "stored",
      "peak memory",
    ],
    long.map((read) => [
      `${read.images} images`,
      String(read.workers),
      read.elapsedSeconds.toFixed(1),
      read.imagesPerSecond.toFixed(0),
      read.imagesPerCpuSecond.toFixed(0),
      String(read.mostUnderWay),
      megabytes(read.storedBytes),
      read.peakBytes === null ? "not told" : `+${megabytes(read.peakBytes)}`,
    ]),
  );
  return `${readers}\n\n${many}`;
}
