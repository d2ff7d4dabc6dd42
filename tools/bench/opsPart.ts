import { firstLineOf } from "../firstLine.ts";
import type { BenchHost } from "./benchHost.ts";
import { formatTable } from "./formatTable.ts";
import type { AdapterCeilings } from "./ops/adapterCeilings.ts";
import { opContestantNames, type OpContestantName } from "./ops/opContestant.ts";
import { opJobsFor, opWork, type OpJob, type OpWork } from "./ops/opJobs.ts";
import { sketchedDifference } from "./ops/sketch.ts";
import type { PreparedOp } from "./page/workerMessages.ts";
import { measureInRounds, stepsPerBlock } from "./rounds.ts";
import { formatMs, summariseTimes, type TimeSummary } from "./timing.ts";

/** One operation by one contestant. */
interface OpMeasurement extends TimeSummary {
  /** The faster of its settings; absent where there is one only. */
  readonly variant?: string;
  /** ‖result − stock's‖ / ‖stock's‖, the worst of its results. */
  readonly difference: number;
  readonly agrees: boolean;
}

interface OpRow extends OpWork {
  readonly name: string;
  /** The least time that the adapter's ceilings allow: by its work, or by its bytes. */
  readonly roofMs: number;
  readonly boundBy: "work" | "bytes";
  /** Without those that have no kernel for it. */
  readonly contestants: Partial<Record<OpContestantName, OpMeasurement>>;
}

export interface OpsReport {
  readonly ceilings: AdapterCeilings;
  readonly rows: readonly OpRow[];
  readonly failures: readonly string[];
}

/** What everyone's results are compared with. */
const stock: OpContestantName = "tfjs-webgpu";
const tolerance = 1e-4;
const blockMs = 150;
const longestBlock = 200;
const limits = { repetitions: 5, budgetMs: 4000 };

/** Times single operations on WebGPU, contestants in turn, beside what the adapter can do at best. */
export async function benchOps(browser: BenchHost, log: (line: string) => void): Promise<OpsReport> {
  const hardware = !browser.adapter.software;
  const ceilings = await browser.ask("op", "ceilings", "ceilings", hardware);
  await browser.end("ceilings");
  log(
    `ceilings: copy ${ceilings.copyGBs.toPrecision(3)} GB/s, multiply-add ${ceilings.multiplyAddGflops.toPrecision(3)} GFLOP/s, ` +
      `simple product ${ceilings.productGflops.toPrecision(3)} GFLOP/s`,
  );
  const failures: string[] = [];
  const rows: OpRow[] = [];
  for (const name of opContestantNames) log(`${name}: ${await browser.ask("op", name, "open", name)}`);
  for (const job of opJobsFor(hardware)) {
    try {
      rows.push(await benchOp(browser, job, ceilings));
    } catch (error) {
      failures.push(`${job.name}: ${firstLineOf(error)}`);
    }
  }
  for (const name of opContestantNames) await browser.end(name);
  return { ceilings, rows, failures };
}

async function benchOp(browser: BenchHost, job: OpJob, ceilings: AdapterCeilings): Promise<OpRow> {
  const prepared = new Map<OpContestantName, PreparedOp>();
  for (const name of opContestantNames) {
    const ready = await browser.ask("op", name, "prepare", job);
    if (ready !== null) prepared.set(name, ready);
  }
  const timesMs = new Map<OpContestantName, number[]>();
  await measureInRounds(
    [...prepared].map(([name, { runMs }]) => {
      const times = stepsPerBlock(runMs, blockMs, longestBlock);
      const found: number[] = [];
      timesMs.set(name, found);
      return {
        measure: async () => {
          const elapsedMs = await browser.ask("op", name, "run", times);
          found.push(elapsedMs / times);
          return elapsedMs;
        },
      };
    }),
    limits,
  );
  for (const name of prepared.keys()) await browser.ask("op", name, "release", null);
  const work = opWork(job);
  const workMs = work.flop / ceilings.multiplyAddGflops / 1e6;
  const bytesMs = work.bytes / ceilings.copyGBs / 1e6;
  const contestants = Object.fromEntries(
    [...prepared].map(([name, { variant, sketches }]) => {
      const expected = prepared.get(stock)?.sketches ?? [];
      const differences = sketches.map((found, i) => {
        const wanted = expected[i];
        return wanted === undefined ? Infinity : sketchedDifference(found, wanted);
      });
      const difference = Math.max(...differences);
      const agrees = sketches.length === expected.length && difference <= tolerance;
      const times = summariseTimes(timesMs.get(name) ?? []);
      return [name, { ...times, difference, agrees, ...(variant === undefined ? {} : { variant }) }];
    }),
  );
  return {
    name: job.name,
    ...work,
    roofMs: Math.max(workMs, bytesMs),
    boundBy: workMs > bytesMs ? "work" : "bytes",
    contestants,
  };
}

/** The per-op table: for each contestant its time and speed, how many times stock's speed, and its share of the roof. */
export function formatOps({ rows, failures }: OpsReport): string {
  const [, ...others] = opContestantNames;
  const head = [
    "operation",
    "roof ms",
    ...opContestantNames.flatMap((name) => [`${name} ms`, "GFLOP/s", "of roof"]),
    ...others.map((name) => `${name} ×`),
  ];
  const cells = rows.map((row) => {
    const measured = opContestantNames.flatMap((name) => {
      const found = row.contestants[name];
      if (found === undefined) return ["–", "–", "–"];
      const { medianMs } = found;
      const gflops = row.flop / medianMs / 1e6;
      return [
        medianMs.toPrecision(3),
        gflops.toPrecision(3),
        `${((100 * row.roofMs) / medianMs).toFixed(0)} %`,
      ];
    });
    const ratios = others.map((name) => formatRatio(row, name));
    return [row.name, `${formatMs(row.roofMs)} (${row.boundBy})`, ...measured, ...ratios];
  });
  return [formatTable(head, cells), ...failures.map((failure) => `not measured: ${failure}`)].join("\n");
}

/** How many times as fast as stock; words where the results are not stock's. */
function formatRatio({ contestants }: OpRow, name: OpContestantName): string {
  const found = contestants[name];
  const base = contestants[stock];
  if (found === undefined || base === undefined) return "–";
  return found.agrees
    ? (base.medianMs / found.medianMs).toPrecision(3)
    : `results differ by ${found.difference.toExponential(1)}`;
}

/** Whether every operation was measured and everyone's results were stock's. */
export function opsAreSound({ rows, failures }: OpsReport): boolean {
  return (
    failures.length === 0 && rows.every((row) => Object.values(row.contestants).every(({ agrees }) => agrees))
  );
}
