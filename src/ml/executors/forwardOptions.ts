export interface ForwardOptions {
  /**
   * "train": BatchNorm normalises with the batch's statistics and moves the running ones.
   * "eval": it uses the running ones and changes nothing.
   */
  readonly mode: "train" | "eval";
  /** Split BatchNorm: how many interleaved parts of the batch have statistics of their own. */
  readonly subBatches?: number;
  /** Replaces every layer's momentum of the running statistics, e.g. 1/(i+1) for their cumulative average. */
  readonly statisticsMomentum?: number;
}
