import type { Config } from "../../contract/config.ts";
import { createPrng } from "../../lib/prng.ts";
import type { Split } from "../data/split.ts";

/** The images that networks are measured with. */
export interface EvaluationSample {
  /** Of those that are trained on: what neighbours are found among. */
  readonly bank: Int32Array;
  /** Of those held out: whose neighbours are looked for. */
  readonly queries: Int32Array;
}

/** The same images for every network that is measured on a set, whatever the seed of its run. */
export function evaluationSample(
  split: Split,
  { splitSeed, evaluationImages }: Pick<Config, "splitSeed" | "evaluationImages">,
): EvaluationSample {
  const sample = (members: Int32Array, most: number, stream: string): Int32Array => {
    const order = createPrng(splitSeed, stream).permutation(members.length).slice(0, most);
    return Int32Array.from(order, (i) => members[i] as number);
  };
  return {
    bank: sample(split.train, evaluationImages, "evaluation bank"),
    queries: sample(split.heldOut, Math.ceil(evaluationImages / 4), "evaluation queries"),
  };
}

/** The bank and then the queries: all images whose embeddings are known after an evaluation. */
export function allOf({ bank, queries }: EvaluationSample): Int32Array {
  const all = new Int32Array(bank.length + queries.length);
  all.set(bank);
  all.set(queries, bank.length);
  return all;
}
