import type { Evaluation, EvaluationBaseline, MetricRows } from "../../contract/metrics.ts";
import { metricColumns } from "../../contract/metrics.ts";

/** What is known of a run's course so far, for its checkpoints. */
export class RunLedger {
  baseline: EvaluationBaseline | null;
  #evaluations: readonly Evaluation[];
  readonly #rows: MetricRows[];
  /** Told since a checkpoint was taken. */
  isChanged = false;

  constructor(
    before: {
      readonly metrics: MetricRows;
      readonly baseline: EvaluationBaseline | null;
      readonly evaluations: readonly Evaluation[];
    } | null,
  ) {
    this.baseline = before?.baseline ?? null;
    this.#evaluations = before?.evaluations ?? [];
    this.#rows = before === null ? [] : [before.metrics];
  }

  get evaluations(): readonly Evaluation[] {
    return this.#evaluations;
  }

  /** Steps whose metrics are here. */
  get steps(): number {
    return this.#rows.reduce((sum, { length }) => sum + length, 0) / metricColumns.length;
  }

  /** @param rows copied: the sender hands them over. */
  addRows(rows: MetricRows): void {
    this.#rows.push(rows.slice());
    this.isChanged = true;
  }

  addEvaluation(evaluation: Evaluation): void {
    const others = this.#evaluations.filter(({ step }) => step !== evaluation.step);
    this.#evaluations = [...others, evaluation].sort((a, b) => a.step - b.step);
    this.isChanged = true;
  }

  setBaseline(baseline: EvaluationBaseline): void {
    this.baseline = baseline;
    this.isChanged = true;
  }

  /** All rows in one, which they stay. */
  metrics(): MetricRows {
    if (this.#rows.length !== 1) {
      const all = new Float32Array(this.#rows.reduce((sum, { length }) => sum + length, 0));
      let at = 0;
      for (const rows of this.#rows) {
        all.set(rows, at);
        at += rows.length;
      }
      this.#rows.splice(0, Infinity, all);
    }
    return this.#rows[0] as MetricRows;
  }
}
