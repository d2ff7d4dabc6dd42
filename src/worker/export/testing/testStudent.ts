import { defaultConfig } from "../../../contract/config.ts";
import type { StudentWitness } from "../../../contract/studentAnswers.ts";
import type { StudentSettings } from "../../../contract/studentExport.ts";
import { createPrng } from "../../../lib/prng.ts";
import { forward } from "../../../ml/executors/forward.ts";
import { studentNetwork } from "../../../ml/methods/createMethod.ts";
import {
  disposeWeights,
  initialiseWeights,
  loadWeights,
  saveWeights,
  type StateDict,
} from "../../../ml/models/weights.ts";
import { imageNetPreprocessing } from "../../../ml/tensors/normalizeImages.ts";
import * as tf from "../../../ml/tfjs/tf.ts";
import { layersOf } from "../../../ml/training/snapshot.ts";
import { certificatePictures } from "../../../ml/export/certificate.ts";
import { studentFile } from "../../../ml/export/studentFile.ts";
import { trainedStudent, type TrainedNetwork } from "../../../ml/export/trainedNetwork.ts";

export interface TestStudent {
  readonly settings: StudentSettings;
  readonly trained: TrainedNetwork;
  /** `student.safetensors`, head included. */
  readonly weights: Uint8Array<ArrayBuffer>;
  readonly witness: StudentWitness;
}

/**
 * A student in which every tensor matters: its scales and shifts are drawn, not 1 and 0, and its running statistics come
 * from pictures. What it says is asked of the layers one by one, on the backend tfjs has.
 */
export async function testStudent(patch: Partial<StudentSettings>): Promise<TestStudent> {
  const config = { ...defaultConfig, imageSize: 32, hiddenWidth: 24, embeddingDim: 10, ...patch };
  const network = studentNetwork(config, null);
  const side = config.imageSize;
  const { count, rgb } = certificatePictures(side);
  const pictures = tf.tensor4d(
    Float32Array.from(rgb, (value) => value / 255),
    [count, side, side, 3],
  );

  const fresh = initialiseWeights(network, createPrng(1, "init"));
  const state = withDrawnNorms(await saveWeights(network, fresh));
  disposeWeights(fresh);
  const weights = loadWeights(network, state, false);
  tf.tidy(() => {
    const { mean, std } = imageNetPreprocessing;
    const input = tf.div<tf.Tensor4D>(tf.sub(pictures, tf.tensor1d([...mean])), tf.tensor1d([...std]));
    forward(network, weights, input, [network.embedding], { mode: "train", statisticsMomentum: 0.5 });
  });
  const answer = async (layer: number): Promise<Float32Array<ArrayBuffer>> => {
    const rows = layersOf({ network, weights }, pictures, [layer]);
    const values = Float32Array.from(await rows.data<"float32">());
    rows.dispose();
    return values;
  };
  const features = await answer(network.features);
  const embedding = network.embedding === network.features ? null : await answer(network.embedding);
  const trained = await saveWeights(network, weights);
  pictures.dispose();
  disposeWeights(weights);
  return {
    settings: config,
    trained: trainedStudent(config, trained),
    weights: studentFile(network, trained, config, "both"),
    witness: { backend: `${tf.getBackend()}, a test`, side, count, rgb, features, embedding },
  };
}

/** Of BatchNorms, whose scale has a running mean beside it. */
function withDrawnNorms(state: StateDict): StateDict {
  const random = createPrng(2, "norms");
  const drawn = new Map(state);
  for (const [name, { shape, data }] of state) {
    const owner = name.slice(0, name.lastIndexOf("."));
    if (!state.has(`${owner}.running_mean`)) continue;
    if (name.endsWith(".weight")) drawn.set(name, { shape, data: data.map(() => random.between(0.5, 1.5)) });
    if (name.endsWith(".bias")) drawn.set(name, { shape, data: data.map(() => random.between(-0.3, 0.3)) });
  }
  return drawn;
}
