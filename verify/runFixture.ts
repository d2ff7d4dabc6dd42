import { failed, type CheckRow } from "./checkRow.ts";
import { textAt, type Fixture } from "./fixture.ts";
import { verifyActivations } from "./verifyActivations.ts";
import { verifyAugmentations } from "./verifyAugmentations.ts";
import { verifyBatchNorm } from "./verifyBatchNorm.ts";
import { verifyCheckpoints } from "./verifyCheckpoints.ts";
import { verifyConvolution } from "./verifyConvolution.ts";
import { verifyCrops } from "./verifyCrops.ts";
import { verifyDisco } from "./verifyDisco.ts";
import { verifyEvaluation } from "./verifyEvaluation.ts";
import { verifyGradients } from "./verifyGradients.ts";
import { verifyInitialWeights } from "./verifyInitialWeights.ts";
import { verifyLosses } from "./verifyLosses.ts";
import { verifyModels } from "./verifyModels.ts";
import { verifyMuon } from "./verifyMuon.ts";
import { verifyOptimizers } from "./verifyOptimizers.ts";
import { verifyPilReference } from "./verifyPilReference.ts";
import { verifyQueue } from "./verifyQueue.ts";
import { verifySmallParts } from "./verifySmallParts.ts";

type Runner = (fixture: Fixture) => CheckRow[] | Promise<CheckRow[]>;

/** Who runs a fixture, by the name its manifest gives; the first that matches. */
const runners: readonly (readonly [fixture: RegExp, run: Runner])[] = [
  [/^1_models\//, verifyModels],
  [/^2_gradients\//, verifyGradients],
  [/^3_disco\/queue_semantics$/, verifyQueue],
  [/^3_disco\/initial_weights$/, verifyInitialWeights],
  [/^3_disco\//, verifyDisco],
  [/^4_losses\//, verifyLosses],
  [/^5_augment\/augmentations$/, verifyAugmentations],
  [/^5_augment\/random_parameters$/, verifyCrops],
  [/^5_augment\/pil_uint8_reference$/, verifyPilReference],
  [/^6_evaluation\//, verifyEvaluation],
  [/^7_checkpoints\//, verifyCheckpoints],
  [/^8_micro\/batch_norm$/, verifyBatchNorm],
  [/^8_micro\/optimizers$/, verifyOptimizers],
  [/^8_micro\/muon$/, verifyMuon],
  [/^8_micro\/activations$/, verifyActivations],
  [/^8_micro\/convolution$/, verifyConvolution],
  [/^8_micro\/pool_norm_softmax$/, verifySmallParts],
];

/**
 * Compares what this program computes on the current backend with a fixture. Never throws: a fixture that is not
 * understood, or that makes the program fail, is a row that did not pass.
 */
export async function runFixture(fixture: Fixture): Promise<CheckRow[]> {
  try {
    const name = textAt(fixture.manifest, "fixture");
    const run = runners.find(([pattern]) => pattern.test(name))?.[1];
    if (run === undefined) return [failed("fixture", `NotUnderstood: nothing here checks ${name}`)];
    const rows = await run(fixture);
    return rows.length > 0 ? rows : [failed("fixture", "NotUnderstood: nothing in it was checked")];
  } catch (error) {
    return [failed("fixture", String(error))];
  }
}
