import { createPrng, type Prng, type PrngState } from "../../lib/prng.ts";

/** The random streams that the training loop draws from, apart from the sampler's. */
export interface TrainingStreams {
  /** Of the views of a batch. */
  readonly augmentation: Prng;
  /** Which image of its bag goes beside each. */
  readonly choice: Prng;
  /** Of the views of those. */
  readonly companionAugmentation: Prng;
}

export type TrainingStreamStates = { readonly [K in keyof TrainingStreams]: PrngState };

export function createTrainingStreams(seed: number): TrainingStreams {
  return {
    augmentation: createPrng(seed, "augment"),
    choice: createPrng(seed, "companions"),
    companionAugmentation: createPrng(seed, "augment companions"),
  };
}

export function stateOfStreams({
  augmentation,
  choice,
  companionAugmentation,
}: TrainingStreams): TrainingStreamStates {
  return {
    augmentation: augmentation.state(),
    choice: choice.state(),
    companionAugmentation: companionAugmentation.state(),
  };
}

export function restoreStreams(streams: TrainingStreams, states: TrainingStreamStates): void {
  streams.augmentation.restore(states.augmentation);
  streams.choice.restore(states.choice);
  streams.companionAugmentation.restore(states.companionAugmentation);
}
