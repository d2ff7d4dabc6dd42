/** What networks make of pictures: the messages behind "what it sees", the diagram's pictures and one slow step. */
import type { StudentSettings } from "./studentExport.ts";

/** An image of the set, and how near its embedding lies to the query's: the cosine, in [−1, 1]. */
export interface Neighbour {
  readonly index: number;
  readonly similarity: number;
}

/** A picture to be asked about: one of the set, or a square one that belongs to none. */
export type PictureQuery =
  | { readonly kind: "image"; readonly index: number }
  /** RGB bytes, `side` × `side`. */
  | { readonly kind: "picture"; readonly side: number; readonly rgb: Uint8Array<ArrayBuffer> };

/**
 * The nearest images of the set, nearest first, by three networks. The query itself is never among them. A list is null
 * where that network is not there or has embedded nothing yet (no teacher, no run so far, teacher not measured).
 */
export interface NeighbourLists {
  /** By the student before its first step. */
  readonly before: readonly Neighbour[] | null;
  /** By the student as of the last evaluation, or of the end of the run; or by an earlier one that is looked through. */
  readonly now: readonly Neighbour[] | null;
  readonly teacher: readonly Neighbour[] | null;
  /** Step that `now` is of; null without `now`. */
  readonly step: number | null;
}

/** The student of a run that is over, from its file. */
export interface EarlierStudent {
  /** `student.safetensors`, head included. */
  readonly weights: Uint8Array<ArrayBuffer>;
  readonly settings: StudentSettings;
  /** The last of its run. */
  readonly step: number;
}

/** What one image of the batch of a step went through, to be shown. */
export interface StepPictures {
  readonly step: number;
  readonly index: number;
  readonly name: string;
  /** Number of its label; −1 without. */
  readonly label: number;
  /** Side of the pictures below, pixels; each RGBA. */
  readonly side: number;
  /** The two views that the student and the mean student saw. */
  readonly views: readonly [Uint8ClampedArray<ArrayBuffer>, Uint8ClampedArray<ArrayBuffer>];
  /** The image as the teacher sees it where it is shown each image plain. */
  readonly plain: Uint8ClampedArray<ArrayBuffer>;
}

/** One iteration taken apart for one of its images: only on request, of a run that is paused. */
export interface StepReplay {
  readonly pictures: StepPictures;
  /** Unit vectors [D] of both views; null where the method has no such network. */
  readonly student: readonly [Float32Array, Float32Array];
  readonly meanStudent: readonly [Float32Array, Float32Array] | null;
  readonly teacher: readonly [Float32Array, Float32Array] | null;
  /** Null where the method has no queue. */
  readonly queue: {
    readonly size: number;
    /** Cosines of the first view's embedding with all keys in the queue: their mean and the largest. */
    readonly meanSimilarity: number;
    readonly nearestSimilarity: number;
  } | null;
}
