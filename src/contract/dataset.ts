import { visibleText } from "../lib/visibleText.ts";

/**
 * Images in the engine's store: square, `size` × `size`, RGB bytes, row-major, one after another. The short side
 * of the original was resized to `size` and the long side cropped around the centre.
 */
export interface ImageBlock {
  readonly size: number;
  /** count · size · size · 3 bytes. Transferred, so gone from the sender. */
  readonly pixels: Uint8Array<ArrayBuffer>;
  /** One entry an image: index into the dataset's `labels`, or −1. */
  readonly classes: Int16Array<ArrayBuffer>;
  /** One entry an image, the path within what was dropped. */
  readonly names: readonly string[];
}

export type RejectReason =
  | "not-an-image"
  | "corrupt"
  | "too-small"
  | "too-large"
  | "duplicate"
  | "unsupported" // a real image of a kind this browser cannot decode, such as HEIC
  | "unreadable" // the file could not be opened
  | "hidden" // in a hidden folder, or hidden itself
  | "misplaced" // of use elsewhere in the playground: a checkpoint
  | "over-limit";

export interface Reject {
  readonly path: string;
  readonly reason: RejectReason;
  /** With the values: "7 × 5 pixels, at least 16 × 16 are needed". */
  readonly message: string;
}

/** What the rest of the program knows of the images. */
export interface DatasetSummary {
  readonly name: string;
  readonly kind: "demo" | "own";
  readonly count: number;
  readonly size: number;
  /** Class names from first-level sub-folders (for evaluation only); empty when there are none. */
  readonly labels: readonly string[];
  /** Images of each label. */
  readonly labelCounts: readonly number[];
  /** SHA-256 (hex) over size, count, pixels and classes in order: two people with it have the same data. */
  readonly fingerprint: string;
  readonly bytes: number;
}

/** "cat 120, dog 118, … and 30 more": the labels with their counts, as many as a person would read. */
export function describeLabels(
  { labels, labelCounts }: Pick<DatasetSummary, "labels" | "labelCounts">,
  most = mostLabelsShown,
): string {
  const shown = labels.slice(0, most).map((label, i) => `${visibleText(label)} ${labelCounts[i] ?? 0}`);
  const more = labels.length - shown.length;
  return shown.join(", ") + (more > 0 ? `, … and ${more} more` : "");
}

/** Of a list of labels that is drawn or printed whole. */
export const mostLabelsShown = 40;

/**
 * The built-in set as every visitor sees it. It does not follow the run's seed, so that runs of several seeds learn
 * from the same images; drawn a little larger than the default views, so that crops have detail.
 */
export const standardDemo = { seed: 1, count: 2400, size: 48 } as const;
