import type { Config } from "../../contract/config.ts";
import { drawPair, drawViews } from "../augment/drawViews.ts";
import { StoredViews } from "../augment/storedViews.ts";
import type { ViewParametersPair } from "../augment/viewParameters.ts";
import type { ViewSource } from "../augment/viewSource.ts";
import type { EpochSampler } from "../data/sampler.ts";
import { disposeTargets, type PrecomputeTargets, type StepViews } from "../methods/precomputeTargets.ts";
import type { Method, StepSettings } from "../methods/method.ts";
import { scheduleFactor } from "../optim/schedule.ts";
import * as tf from "../tfjs/tf.ts";
import { createTrainingStreams, type TrainingStreams } from "./trainingStreams.ts";

/** What a step saw, as little as it can be rendered from again. */
export interface StepSeen {
  readonly indices: Int32Array;
  /** Of the two views of each, that the student saw. */
  readonly parameters: ViewParametersPair;
}

/** What one step did. */
export interface StepReport {
  /** 1 is the first. */
  readonly step: number;
  readonly learningRate: number;
  readonly images: number;
  readonly seen: StepSeen;
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
  /** Steps taken before, by a run that goes on; 0 when it begins. */
  readonly stepsTaken?: number;
  /** What views are drawn from; those of the seed's beginning when not given. */
  readonly streams?: TrainingStreams;
  /** For teachers whose embeddings cannot, or need not, be computed within a step. */
  readonly precomputeTargets?: PrecomputeTargets;
}

/**
 * The training loop, one step at a time: not pulling is pausing, pulling once is stepping, dropping it is stopping.
 * It knows nothing of threads, clocks or screens.
 */
export async function* train(setup: TrainingSetup): AsyncGenerator<StepReport, void> {
  const { method, sampler, config, totalSteps } = setup;
  const draw = viewDrawer(setup);
  for (let step = setup.stepsTaken ?? 0; step < totalSteps; step++) {
    const live = setup.live();
    const factor = scheduleFactor(config.schedule, step, totalSteps, sampler.batchesPerEpoch);
    const settings: StepSettings = { ...live, learningRate: live.learningRate * factor };
    const { indices } = sampler.next();
    const drawn = draw(indices);
    const { views } = drawn;
    const targets = await setup.precomputeTargets?.(drawn);
    const scalars = method.step(targets === undefined ? views : { ...views, targets }, settings);
    disposeTargets(targets);
    const pairs = views.companions === undefined ? [views] : [views, views.companions];
    tf.dispose(pairs.flatMap(({ first, second }) => [first, second]));
    const seen: StepSeen = { indices, parameters: drawn.parameters };
    yield { step: step + 1, learningRate: settings.learningRate, images: indices.length, seen, scalars };
  }
}

interface DrawnStep extends StepViews {
  readonly parameters: ViewParametersPair;
}

/**
 * Draws what each step sees. Companions have random streams of their own, so that a batch gets the same views with
 * and without them.
 */
function viewDrawer({
  method,
  source,
  config,
  streams = createTrainingStreams(config.seed),
}: TrainingSetup): (indices: Int32Array) => DrawnStep {
  const { augmentation, choice, companionAugmentation } = streams;
  if (config.cachedViews > 0) {
    const stored = new StoredViews(source, config);
    return (indices) => {
      const numbers = stored.choose(indices, augmentation);
      const parameters = stored.parametersOfPair(numbers);
      return {
        views: source.renderPair(indices, parameters.first, parameters.second),
        parameters,
        indices,
        companionIndices: new Int32Array(),
        stored: numbers,
      };
    };
  }
  return (indices) => {
    const parameters = drawPair(source, indices.length, augmentation, config);
    const views = source.renderPair(indices, parameters.first, parameters.second);
    if (method.bags === undefined) return { views, parameters, indices, companionIndices: new Int32Array() };
    const chosen = method.bags.pick(indices, choice);
    const companions = drawViews(source, chosen, companionAugmentation, config);
    return { views: { ...views, companions }, parameters, indices, companionIndices: chosen };
  };
}
