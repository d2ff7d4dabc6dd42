import type { RunEnd } from "../../contract/protocol.ts";

/** Whose largest loss is the measure of the rest. */
const firstSteps = 10;
/** Losses of unit embeddings stay within a factor of ten of where they begin; the others fall. */
const factor = 100;

type Diverged = Extract<RunEnd, { kind: "diverged" }>;

/** Looks at losses as they come in, for one that shows that the run has gone wrong for good. */
export class DivergenceWatch {
  #found: Diverged | null = null;
  #largest = 0;
  #looks = 0;

  /** How the run has to end; null while it may go on. */
  end(): Diverged | null {
    return this.#found;
  }

  /** @param scalars as in `stepScalars`: the loss comes first. */
  look(step: number, scalars: Float32Array): void {
    if (this.#found !== null) return;
    const loss = Math.abs(scalars[0] as number);
    if (!scalars.every(Number.isFinite)) {
      this.#found = diverged(step, `The loss was no longer a finite number at step ${step}.`);
    } else if (this.#looks >= firstSteps && loss > factor * Math.max(1, this.#largest)) {
      const [now, then] = [loss, this.#largest].map((value) => value.toPrecision(3));
      this.#found = diverged(step, `The loss exploded: ${now} at step ${step}, ${then} at the beginning.`);
    } else if (this.#looks < firstSteps) {
      this.#largest = Math.max(this.#largest, loss);
    }
    this.#looks++;
  }

  /** Settings have changed, and with them how large a loss is usual. */
  beginAgain(): void {
    this.#looks = 0;
    this.#largest = 0;
  }

  /** A student whose numbers are none any more, while its last loss still was one. */
  loseStudent(step: number): void {
    this.#found ??= diverged(step, `The student's weights were no longer finite after step ${step}.`);
  }
}

function diverged(step: number, message: string): Diverged {
  return {
    kind: "diverged",
    step,
    message,
    hint: "Lower the learning rate (a tenth is a good try) or the distillation weight; for very small batches also use fewer BatchNorm groups.",
  };
}
