import type { UnitRows } from "../tensors/unitRows.ts";

/** One network's unit embeddings of both views of the same N images, [N, D] each. */
export interface TwoViews {
  readonly first: UnitRows;
  readonly second: UnitRows;
}
