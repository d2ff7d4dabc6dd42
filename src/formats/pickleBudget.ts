import { AppError } from "../contract/errors.ts";

const mebibyte = 1024 * 1024;
const most = 256 * mebibyte;

/** What things cost, roughly the bytes they take. */
export const pickleCosts = { instruction: 16, memo: 40, sequence: 64, dict: 256, item: 64 } as const;

/**
 * What reading a pickle may take, in memory and in copying. A few instructions can copy a long list thousands of
 * times; with this, work is bounded by the file's length.
 */
export class PickleBudget {
  #left: number;

  /** @param bytes the pickle's length. Real checkpoints need about ten times as much. */
  constructor(bytes: number) {
    this.#left = Math.min(most, 16 * mebibyte + 64 * bytes);
  }

  /** @throws AppError "file-refused" when it is used up. */
  spend(cost: number): void {
    this.#left -= cost;
    if (this.#left < 0)
      throw new AppError(
        "file-refused",
        "The checkpoint was refused: it builds more objects than its size explains.",
        {
          hint: "It is damaged, or made to waste time and memory. Save a state dict: torch.save(model.state_dict(), path).",
        },
      );
  }
}
