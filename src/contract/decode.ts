/** What the page asks of a decoding worker, and what comes back. One worker does one thing at a time. */
import type { Reject } from "./dataset.ts";

/** Where an image's bytes are. A file and an entry of a zip are handles, cheap to send. */
export type ImageSource =
  | { readonly kind: "file"; readonly file: Blob }
  /** `archive` names the zip, so that a worker reads its directory once. */
  | { readonly kind: "entry"; readonly archive: string; readonly zip: Blob; readonly entry: string }
  /** The bytes themselves, where they came as such: out of a table. */
  | { readonly kind: "bytes"; readonly bytes: Uint8Array<ArrayBuffer> };

/** The rest of a reject; whoever asked knows the path. */
export type Refusal = Omit<Reject, "path">;

export interface DecodedImage {
  /** size · size · 3, RGB. */
  readonly pixels: Uint8Array<ArrayBuffer>;
  /** SHA-256 (hex) of the file's bytes: equal for copies of a file. */
  readonly digest: string;
}

interface ZipListing {
  readonly entries: readonly string[];
  readonly refused: readonly { readonly path: string; readonly reason: string }[];
}

export interface DecodeRequests {
  listZip: { in: { zip: Blob }; out: ZipListing };
  /** Pixel dimensions as the file's header has them. */
  measure: { in: { source: ImageSource }; out: { width: number; height: number } | Refusal };
  /** Short side to `size`, long side cropped around the centre. */
  decode: { in: { source: ImageSource; size: number }; out: DecodedImage | Refusal };
}

export function isRefusal(result: object): result is Refusal {
  return "reason" in result;
}
