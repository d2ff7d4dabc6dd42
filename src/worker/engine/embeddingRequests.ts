import { yieldToMessages } from "../../lib/yieldToMessages.ts";
import { CpuViewSource } from "../../ml/augment/cpuViewSource.ts";
import { plainViews } from "../../ml/augment/drawViews.ts";
import { certificatePictures } from "../../ml/export/certificate.ts";
import * as tf from "../../ml/tfjs/tf.ts";
import { layersOf } from "../../ml/training/snapshot.ts";
import type { RequestHandlers } from "./requestHandlers.ts";
import type { Session } from "./session.ts";

/** Images at once. */
const batch = 64;

/** What the student of the current or last run makes of pictures. */
export function embeddingRequests(session: Session): RequestHandlers<"witnessStudent" | "embedSet"> {
  return {
    witnessStudent({ runId }) {
      const run = session.runInMemory(runId);
      return run.visit(async () => {
        const side = run.imageSize;
        const { count, rgb } = certificatePictures(side);
        const { trainer } = run.method;
        const { network } = trainer;
        const hasHead = network.embedding !== network.features;
        const pictures = Float32Array.from(rgb, (value) => value / 255);
        const answer = async (layer: number): Promise<Float32Array<ArrayBuffer>> => {
          const rows = tf.tidy(() =>
            layersOf(trainer, tf.tensor4d(pictures, [count, side, side, 3]), [layer]),
          );
          const values = Float32Array.from(await rows.data<"float32">());
          rows.dispose();
          return values;
        };
        const features = await answer(network.features);
        const embedding = hasHead ? await answer(network.embedding) : null;
        return { side, count, rgb, features, embedding };
      });
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
