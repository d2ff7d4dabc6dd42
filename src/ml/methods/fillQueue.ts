import type { Config } from "../../contract/config.ts";
import { createPrng } from "../../lib/prng.ts";
import type { ImageStore } from "../data/imageStore.ts";
import { embedImages, plainViews } from "../embedImages.ts";
import type { KeyQueue } from "../losses/queue.ts";
import type { Teacher } from "../teachers/teacher.ts";
import { normalizeRows, type UnitRows } from "../tensors/unitRows.ts";

/**
 * Replaces a queue's random keys by the teacher's embeddings of training images, as many as there are images. (The
 * authors' loader fills it with the teacher checkpoint's own queue, which are embeddings of its training images.)
 */
export async function fillQueue(
  queue: KeyQueue,
  teacher: Teacher,
  images: ImageStore,
  train: Int32Array,
  config: Config,
): Promise<void> {
  const order = createPrng(config.seed, "queue images").permutation(train.length).slice(0, queue.capacity);
  const rows = await embedImages(
    Int32Array.from(order, (i) => train[i] as number),
    (some) => plainViews(images, some, config.imageSize),
    (views) => normalizeRows(teacher.embed(views, "eval", config.teacherInputSize).embedding),
  );
  queue.enqueue(rows as UnitRows);
  rows.dispose();
}
