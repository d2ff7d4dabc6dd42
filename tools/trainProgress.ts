/** What a person sees while `npm run train` works: one line that changes, or plain lines where it cannot. */
export interface TrainStatus {
  readonly step: number;
  readonly totalSteps: number;
  readonly loss: number | null;
  /** Share in [0, 1]; null where the set has no labels or nothing was judged yet. */
  readonly knn: number | null;
  readonly imagesPerSecond: number | null;
  readonly secondsLeft: number | null;
}

const barCells = 24;

export function formatStatus(status: TrainStatus): string {
  const share = status.totalSteps === 0 ? 0 : status.step / status.totalSteps;
  const filled = Math.round(share * barCells);
  const parts = [
    `${"█".repeat(filled)}${"░".repeat(barCells - filled)}`,
    `step ${status.step}/${status.totalSteps}`,
    ...(status.loss === null ? [] : [`loss ${status.loss.toFixed(3)}`]),
    ...(status.knn === null ? [] : [`kNN ${(100 * status.knn).toFixed(1)} %`]),
    ...(status.imagesPerSecond === null ? [] : [`${formatRate(status.imagesPerSecond)} images/s`]),
    ...(status.secondsLeft === null ? [] : [`${formatDuration(status.secondsLeft)} left`]),
  ];
  return parts.join("  ");
}

function formatRate(perSecond: number): string {
  return perSecond >= 100 ? perSecond.toFixed(0) : perSecond.toPrecision(2);
}

/** "42 s", "3 min 05 s", "2 h 07 min". */
export function formatDuration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const pad = (value: number): string => String(value).padStart(2, "0");
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${pad(whole % 60)} s`;
  return `${Math.floor(whole / 3600)} h ${pad(Math.floor((whole % 3600) / 60))} min`;
}

/**
 * Estimates the time left from the steps since the first one seen, so that shader compilation before it does not
 * count.
 */
export class TimeLeft {
  #first: { readonly step: number; readonly ms: number } | null = null;

  /** @returns seconds, null before two different steps were seen. */
  estimate(step: number, totalSteps: number, nowMs: number): number | null {
    if (step < 1) return null;
    this.#first ??= { step, ms: nowMs };
    const steps = step - this.#first.step;
    if (steps === 0) return null;
    return (((nowMs - this.#first.ms) / steps) * (totalSteps - step)) / 1000;
  }
}

/** Plain lines come at most this often. */
const plainLineMs = 10_000;

/** Writes to a terminal in place, and to anything else line by line, now and then. */
export class ProgressLine {
  readonly #stream: NodeJS.WriteStream;
  #lastPlainMs = -Infinity;
  #lastText = "";

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream;
  }

  show(text: string, nowMs: number): void {
    if (text === this.#lastText) return;
    if (this.#stream.isTTY) {
      const width = this.#stream.columns;
      this.#stream.write(`\r\x1b[K${text.length >= width ? text.slice(0, width - 1) : text}`);
    } else {
      if (nowMs - this.#lastPlainMs < plainLineMs) return;
      this.#lastPlainMs = nowMs;
      this.#stream.write(`${text}\n`);
    }
    this.#lastText = text;
  }

  /** A line that stays. */
  say(text: string): void {
    this.#stream.write(this.#stream.isTTY ? `\r\x1b[K${text}\n` : `${text}\n`);
    this.#lastText = "";
  }
}
