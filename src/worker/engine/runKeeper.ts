import { toWire, type ErrorWire } from "../../contract/errors.ts";
import type { MetricRows } from "../../contract/metrics.ts";
import type { RunCheckpoint } from "../../formats/runCheckpoint.ts";
import { writeRunCheckpoint } from "../../formats/runCheckpoint.ts";
import type { KeptRuns } from "../kept/keptRuns.ts";
import type { RunLock } from "../kept/runLock.ts";
import { KeepClock } from "./keepClock.ts";

/** Keeps one run's checkpoints while it is going. What cannot be written is said once; the run goes on. */
export class RunKeeper {
  readonly clock: KeepClock;
  /** Said once each. */
  readonly #told = new Set<ErrorWire["code"]>();

  /**
   * @param lock released at the end of the run.
   * @param tell what is in the way of keeping it.
   * @param keepInputs puts images and teacher where the run finds them again.
   */
  constructor(
    private readonly kept: KeptRuns,
    private readonly lock: RunLock,
    { everyMs, now }: { readonly everyMs: number; readonly now: () => number },
    private readonly tell: (error: ErrorWire) => void,
    private readonly keepInputs: () => Promise<void>,
  ) {
    this.clock = new KeepClock(everyMs, now);
  }

  #hasInputs = false;

  async save(checkpoint: RunCheckpoint): Promise<void> {
    await this.attempt(() => this.kept.saveCheckpoint(checkpoint, writeRunCheckpoint(checkpoint)));
  }

  /** Images and teacher, which a checkpoint needs; done once. */
  async saveInputs(): Promise<void> {
    if (this.#hasInputs) return;
    this.#hasInputs = true;
    await this.attempt(this.keepInputs);
  }

  /** The run is over; what it was is kept. */
  async end(runId: string, metrics: MetricRows): Promise<void> {
    await this.attempt(() => this.kept.saveMetrics(runId, metrics));
    await this.attempt(() => this.kept.settleCheckpoint(runId));
  }

  release(): void {
    this.lock.release();
  }

  private async attempt(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      const problem = toWire(error);
      if (!this.#told.has(problem.code)) this.tell(problem);
      this.#told.add(problem.code);
    }
  }
}
