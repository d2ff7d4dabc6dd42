import { createStore } from "zustand/vanilla";
import type { NeighbourLists, StepPictures } from "../../contract/sight.ts";

/** A picture the visitor gave to try the networks on, at the set's size. It belongs to no set. */
export interface GivenPicture {
  readonly name: string;
  readonly side: number;
  readonly rgb: Uint8Array<ArrayBuffer>;
}

interface SightState {
  /** The image of the set whose neighbours are shown; ignored while `given` is there. */
  readonly index: number;
  readonly given: GivenPicture | null;
  /** A view of that picture, whose neighbours are shown in place of its own. */
  readonly view: GivenPicture | null;
  /** Null before the engine has answered for this picture. */
  readonly lists: NeighbourLists | null;
}

export const sightStore = createStore<SightState>(() => ({ index: 0, given: null, view: null, lists: null }));

/**
 * Pictures of the present step, or before the first of a preview; several a second, so nothing of React follows them:
 * whoever shows them draws in the drawing loop.
 */
export const stepPicturesStore = createStore<{ readonly pictures: StepPictures | null }>(() => ({
  pictures: null,
}));
