import type { DatasetSummary } from "../../contract/dataset.ts";
import { methods } from "../../contract/methods.ts";
import { AppError } from "../../contract/errors.ts";
import { createPrng } from "../../lib/prng.ts";
import { CpuViewSource } from "../../ml/augment/cpuViewSource.ts";
import { drawViews } from "../../ml/augment/drawViews.ts";
import { ImageStore } from "../../ml/data/imageStore.ts";
import { drawThumbnails } from "../../ml/data/thumbnails.ts";
import * as tf from "../../ml/tfjs/tf.ts";
import type { RequestHandlers } from "./requestHandlers.ts";
import type { Session } from "./session.ts";
import type { Sight } from "./sight.ts";
import { toRgba } from "./toRgba.ts";

type ImageRequest =
  "clearImages" | "addImages" | "sealImages" | "prepareDemo" | "drawDemo" | "thumbnails" | "previewViews";

interface OneImage {
  readonly store: ImageStore;
  readonly index: number;
}

/** A picture that belongs to no set, as a set of its own. */
function storeOf({ side, rgb }: { readonly side: number; readonly rgb: Uint8Array<ArrayBuffer> }): OneImage {
  const store = new ImageStore(side);
  store.append({ size: side, pixels: rgb, classes: Int16Array.of(-1), names: [""] });
  return { store, index: 0 };
}

export function imageRequests(session: Session, sight: Sight): RequestHandlers<ImageRequest> {
  const { demo, bundledTeacher } = session;
  const imageOfSet = (index: number): OneImage => {
    const store = session.requireImages();
    if (index < 0 || index >= store.count) throw new AppError("not-found", `There is no image ${index}`);
    return { store, index };
  };
  return {
    clearImages({ size }) {
      session.refuseDuringRun("change the images");
      session.images = new ImageStore(size);
      demo.forget();
      return null;
    },
    addImages(block) {
      const store = session.requireImages();
      store.append(block);
      return { count: store.count };
    },
    sealImages: ({ name, labels }) => session.requireImages().seal({ name, kind: "own", labels }),
    prepareDemo({ config, ...set }) {
      void demo.draw(set).then(() => sight.workOut(config));
      if (methods[config.method].usesTeacher && config.teacher === "bundled")
        bundledTeacher.read().catch(() => undefined); // whoever loads it will be told
      return null;
    },
    async drawDemo(set) {
      session.refuseDuringRun("change the images");
      const store = await demo.draw(set, (done) =>
        session.report({ task: "Drawing the demo images", done, total: set.count }),
      );
      session.images = store;
      return store.summary as DatasetSummary;
    },
    thumbnails({ indices, side }) {
      const store = session.requireImages();
      const known = indices.filter((index) => Number.isInteger(index) && index >= 0 && index < store.count);
      return {
        pixels: drawThumbnails(store, known, side),
        names: known.map((index) => store.nameOf(index)),
        classes: known.map((index) => store.classOf(index)),
      };
    },
    async previewViews({ query, config, draw }) {
      const { store, index } = query.kind === "image" ? imageOfSet(query.index) : storeOf(query);
      const { first, second } = drawViews(
        new CpuViewSource(store, config.imageSize), // a single image is not worth a GPU's set-up
        Int32Array.of(index),
        createPrng(config.seed, `preview ${draw}`),
        config,
      );
      const views = await Promise.all(
        [first, second].map(async (view) => toRgba(await view.data<"float32">())),
      );
      tf.dispose([first, second]);
      return { side: config.imageSize, views };
    },
  };
}
