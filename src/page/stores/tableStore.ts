import { createStore } from "zustand/vanilla";
import type { ErrorWire } from "../../contract/errors.ts";
import type { ParquetChoice, ParquetOffer } from "../../contract/parquet.ts";

/** A part of a data set, to choose from. */
interface SplitFacts {
  /** "plain_text / train", or "train" where there are no subsets. */
  readonly name: string;
  readonly files: number;
  readonly bytes: number;
}

/** A table of images, from its address or file to what of it is to be taken. */
export type TableState =
  | { readonly phase: "idle" }
  /** Of whom something is asked: a list of files, or what is in them. */
  | { readonly phase: "asking"; readonly name: string }
  | { readonly phase: "failed"; readonly error: ErrorWire }
  | {
      readonly phase: "offered";
      readonly name: string;
      /** From whom it comes; null when it is a file of this machine. */
      readonly host: string | null;
      /** Empty where there is nothing to choose from. */
      readonly splits: readonly SplitFacts[];
      /** Number of the one that is offered. */
      readonly split: number;
      /** What is in its files; null while they are looked into. */
      readonly offer: ParquetOffer | null;
      readonly choice: ParquetChoice | null;
      /** How many images are to be taken at most. */
      readonly most: number;
      /** What the visitor should know. */
      readonly notes: readonly string[];
    };

export const tableStore = createStore<{ readonly table: TableState }>(() => ({ table: { phase: "idle" } }));
