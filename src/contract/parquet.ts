/** What the page asks of the worker that reads parquet files, and what comes back. */

/** A file of this machine, or one behind an address, whose bytes the page fetches for the worker. */
export type ParquetInput =
  | { readonly kind: "file"; readonly name: string; readonly file: Blob }
  | { readonly kind: "remote"; readonly name: string; readonly size: number };

/** What is in the files of one data set, as far as their footers tell. */
export interface ParquetOffer {
  readonly files: number;
  readonly rows: number;
  readonly bytes: number;
  /** Columns that hold images, the likeliest first; at least one. */
  readonly imageColumns: readonly string[];
  readonly labelColumns: readonly {
    readonly name: string;
    /** How many classes the file names; null when it names none. */
    readonly classes: number | null;
  }[];
  /** Files that are not part of it, and why. */
  readonly leftOut: readonly { readonly name: string; readonly why: string }[];
  /** What to take when the visitor does not choose. */
  readonly choice: ParquetChoice;
}

export interface ParquetChoice {
  readonly imageColumn: string;
  /** null: no labels. */
  readonly labelColumn: string | null;
}

/** One image of a data set. */
export interface ImageRow {
  /** The file and the number of the row in it, from 1. */
  readonly path: string;
  /** The image file's own bytes; null where the row holds none. */
  readonly bytes: Uint8Array<ArrayBuffer> | null;
  /** "" for none. */
  readonly label: string;
}

/** One at a time, in this order: `open`, `choose`, then `next` until it brings nothing more. */
export interface ParquetRequests {
  open: { in: { files: readonly ParquetInput[] }; out: ParquetOffer };
  /** @returns how many images there will be: `most`, or fewer where there are fewer rows. */
  choose: { in: { choice: ParquetChoice; most: number }; out: { images: number } };
  /** Some images more, transferred; none when all are read. */
  next: { in: null; out: { rows: readonly ImageRow[] } };
}

/** What that worker asks of the page in turn. */
export interface ByteRequests {
  /** Bytes `start` to `end` (exclusive) of input number `file`. */
  read: { in: { file: number; start: number; end: number }; out: Uint8Array<ArrayBuffer> };
}
