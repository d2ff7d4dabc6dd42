import type { DownloadProgress } from "../../contract/download.ts";

/** The rate is that of the last few seconds. */
const windowMs = 4000;
const tellEveryMs = 100;

/** Counts bytes as they come and tells about ten times a second. */
export class ProgressMeter {
  readonly #tell: (progress: DownloadProgress) => void;
  #bytes = 0;
  #total: number | null = null;
  #interruptions = 0;
  #lastTold = -Infinity;
  #marks: { readonly at: number; readonly bytes: number }[] = [];

  constructor(tell: (progress: DownloadProgress) => void) {
    this.#tell = tell;
  }

  /** An answer begins: so much is here already, of so much. */
  begin(bytes: number, total: number | null): void {
    this.#bytes = bytes;
    this.#total = total;
    this.#marks = [{ at: performance.now(), bytes }];
    this.#say(true);
  }

  count(bytes: number): void {
    this.#bytes += bytes;
    if (this.#total !== null && this.#bytes > this.#total) this.#total = null;
    this.#say(false);
  }

  interrupt(): void {
    this.#interruptions++;
    this.#say(true);
  }

  finish(): void {
    this.#say(true);
  }

  #say(now: boolean): void {
    const at = performance.now();
    if (!now && at - this.#lastTold < tellEveryMs) return;
    this.#lastTold = at;
    this.#marks.push({ at, bytes: this.#bytes });
    while (this.#marks.length > 2 && at - this.#marks[0]!.at > windowMs) this.#marks.shift();
    const first = this.#marks[0]!;
    const seconds = (at - first.at) / 1000;
    this.#tell({
      bytes: this.#bytes,
      total: this.#total,
      bytesPerSecond: seconds > 0 ? (this.#bytes - first.bytes) / seconds : 0,
      interruptions: this.#interruptions,
    });
  }
}
