import type { Config } from "../../contract/config.ts";
import { createPrng } from "../../lib/prng.ts";
import { drawViews } from "../augment/drawViews.ts";
import { drawViewParameters, type ViewParameters } from "../augment/viewParameters.ts";
import { StoredViews } from "../augment/storedViews.ts";
import type { ViewSource } from "../augment/viewSource.ts";
import type { EpochSampler } from "../data/sampler.ts";
import { disposeAnswers, type AnswerAhead, type StepViews } from "../methods/answerAhead.ts";
import type { Method, StepSettings } from "../methods/method.ts";
import { scheduleFactor } from "../optim/schedule.ts";
import * as tf from "../tfjs/tf.ts";

/** What one step did. */
export interface StepReport {
  /** 1 is the first. */
  readonly step: number;
  readonly learningRate: number;
  readonly images: number;
  /** [4] as in `stepScalars`, on the device; the receiver disposes of it. */
  readonly scalars: tf.Tensor1D;
}

export interface TrainingSetup {
  readonly method: Method;
  /** Of the images that the sampler names. */
  readonly source: ViewSource;
  readonly sampler: EpochSampler;
  readonly config: Config;
  readonly totalSteps: number;
  /** Asked anew at every step. */
  readonly live: () => StepSettings;
  /** For teachers whose answers cannot, or need not, be worked out within a step. */
  readonly answerAhead?: AnswerAhead;
  /** Told of the views of each step before it is taken; not of stored views. */
  readonly onDrawn?: (drawn: DrawnStep) => void;
}

/** Which views a step sees: enough to render them again. */
export interface DrawnStep {
  readonly step: number;
  readonly indices: Int32Array;
  readonly first: ViewParameters;
  readonly second: ViewParameters;
}

/**
 * The training loop, one step at a time: not pulling is pausing, pulling once is stepping, dropping it is stopping.
 * It knows nothing of threads, clocks or screens.
 */
export async function* train(setup: TrainingSetup): AsyncGenerator<StepReport, void> {
  const { method, sampler, config, totalSteps } = setup;
  const draw = viewDrawer(setup);
  for (let step = 0; step < totalSteps; step++) {
    const live = setup.live();
    const factor = scheduleFactor(config.schedule, step, totalSteps, sampler.batchesPerEpoch);
    const settings: StepSettings = { ...live, learningRate: live.learningRate * factor };
    const { indices } = sampler.next();
    const drawn = draw(indices, step + 1);
    const { views } = drawn;
    const answers = await setup.answerAhead?.(drawn);
    const scalars = method.step(answers === undefined ? views : { ...views, answers }, settings);
    disposeAnswers(answers);
    const pairs = views.companions === undefined ? [views] : [views, views.companions];
    tf.dispose(pairs.flatMap(({ first, second }) => [first, second]));
    yield { step: step + 1, learningRate: settings.learningRate, images: indices.length, scalars };
  }
}

/**
 * Draws what each step sees. Companions have random streams of their own, so that a batch gets the same views with
 * and without them.
 */
function viewDrawer({
  method,
  source,
  config,
  onDrawn,
}: TrainingSetup): (indices: Int32Array, step: number) => StepViews {
  const augmentation = createPrng(config.seed, "augment");
  const choice = createPrng(config.seed, "companions");
  const companionAugmentation = createPrng(config.seed, "augment companions");
  if (config.cachedViews > 0) {
    const stored = new StoredViews(source, config);
    return (indices) => {
      const numbers = stored.choose(indices, augmentation);
      return {
        views: stored.renderPair(numbers),
        indices,
        companionIndices: new Int32Array(),
        stored: numbers,
      };
    };
  }
  return (indices, step) => {
    const first = drawViewParameters(augmentation, config, source.sourceSize, indices.length);
    const second = drawViewParameters(augmentation, config, source.sourceSize, indices.length);
    onDrawn?.({ step, indices, first, second });
    const views = source.renderPair(indices, first, second);
    if (method.bags === undefined) return { views, indices, companionIndices: new Int32Array() };
    const chosen = method.bags.pick(indices, choice);
    const companions = drawViews(source, chosen, companionAugmentation, config);
    return { views: { ...views, companions }, indices, companionIndices: chosen };
  };
}
