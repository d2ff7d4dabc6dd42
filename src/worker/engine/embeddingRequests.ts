import type { StudentWitness } from "../../contract/studentAnswers.ts";
import { yieldToMessages } from "../../lib/yieldToMessages.ts";
import { CpuViewSource } from "../../ml/augment/cpuViewSource.ts";
import { plainViews } from "../../ml/augment/drawViews.ts";
import { certificatePictures } from "../../ml/export/certificate.ts";
import { readStudentFile } from "../../ml/export/trainedNetwork.ts";
import { disposeWeights, loadWeights } from "../../ml/models/weights.ts";
import * as tf from "../../ml/tfjs/tf.ts";
import { layersOf, type Snapshot } from "../../ml/training/snapshot.ts";
import type { RequestHandlers } from "./requestHandlers.ts";
import type { Session } from "./session.ts";

/** Images at once. */
const batch = 64;

/** What students make of pictures: that of the current or last run, or one that is kept as a file. */
export function embeddingRequests(
  session: Session,
): RequestHandlers<"witnessStudent" | "witnessFile" | "embedSet"> {
  const witness = async (student: Snapshot, side: number): Promise<StudentWitness> => {
    const { chosen, adapter } = session.requireBackend();
    const { network } = student;
    const { count, rgb } = certificatePictures(side);
    const pictures = Float32Array.from(rgb, (value) => value / 255);
    const answer = async (layer: number): Promise<Float32Array<ArrayBuffer>> => {
      const rows = tf.tidy(() => layersOf(student, tf.tensor4d(pictures, [count, side, side, 3]), [layer]));
      const values = Float32Array.from(await rows.data<"float32">());
      rows.dispose();
      return values;
    };
    const features = await answer(network.features);
    const hasHead = network.embedding !== network.features;
    const embedding = hasHead ? await answer(network.embedding) : null;
    return { backend: `${chosen}, ${adapter}`, side, count, rgb, features, embedding };
  };
  return {
    witnessStudent({ runId }) {
      const run = session.runInMemory(runId);
      return run.visit(() => witness(run.method.trainer, run.imageSize));
    },
    async witnessFile({ weights, settings }) {
      session.refuseDuringRun("try another student");
      const { network, state, imageSize } = readStudentFile(weights, settings);
      const student: Snapshot = { network, weights: loadWeights(network, state, false) };
      try {
        return await witness(student, imageSize);
      } finally {
        disposeWeights(student.weights);
      }
    },
    embedSet({ runId }) {
      const run = session.runInMemory(runId);
      const store = session.requireImages();
      const source = new CpuViewSource(store, run.imageSize);
      return run.visit(async () => {
        const { trainer } = run.method;
        const { network } = trainer;
        const { count } = store;
        const dim = network.featureDim;
        const features = new Float32Array(count * dim);
        for (let first = 0; first < count; first += batch) {
          const indices = Int32Array.from({ length: Math.min(batch, count - first) }, (_, i) => first + i);
          const rows = tf.tidy(() => layersOf(trainer, plainViews(source, indices), [network.features]));
          features.set(await rows.data<"float32">(), first * dim);
          rows.dispose();
          session.report({ task: "Embedding the images", done: first + indices.length, total: count });
          await yieldToMessages();
        }
        const everyone = Array.from({ length: count }, (_, i) => i);
        return {
          features,
          dim,
          names: everyone.map((index) => store.nameOf(index)),
          classes: everyone.map((index) => store.classOf(index)),
        };
      });
    },
  };
}
