import { defaultConfig, type ConfigPatch } from "./config.ts";

/**
 * What runs did before a setting existed. Files written then do not name it, whatever its default is now.
 *
 * @param seed of the run: it also chose which images were held out, until `splitSeed` did.
 */
export function beforeSettingsExisted(seed: number) {
  return {
    teacherTemperature: 0.01,
    teacherViews: "same",
    optimiser: "sgd",
    cachedViews: 0,
    nested: "off",
    splitSeed: seed,
  } as const satisfies ConfigPatch;
}

/**
 * The whole of what a link of the first version means: what it left out since it was the default of its time.
 *
 * @param given what the link says.
 */
export function inTermsOfFirstLinks(given: ConfigPatch): ConfigPatch {
  const { optimiser, splitSeed } = beforeSettingsExisted(given.seed ?? defaultConfig.seed);
  return {
    student: "resnet18",
    learningRate: 0.03,
    distillWeight: 4,
    steps: 0,
    evaluateEvery: 100,
    evaluationImages: 1000,
    optimiser,
    splitSeed,
    ...given,
  };
}
