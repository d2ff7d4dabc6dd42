import type { Config } from "../../contract/config.ts";
import { AppError } from "../../contract/errors.ts";
import { createPrng } from "../../lib/prng.ts";
import type { ImageStore } from "../data/imageStore.ts";
import { fitPca } from "../eval/pca.ts";
import { embedImages } from "../embedImages.ts";
import { normalizeRows } from "../tensors/unitRows.ts";
import type { Projection } from "./projectedTeacher.ts";
import type { Teacher } from "./teacher.ts";

/** Images the PCA is fitted on at most: the leading directions settle long before. */
const mostImages = 2048;

/**
 * A PCA of the teacher's unit embeddings of training images (unaugmented), to `dim` dimensions.
 *
 * @throws AppError "config-invalid" when there are fewer embeddings or dimensions than asked for.
 */
export async function fitProjection(
  teacher: Teacher,
  images: ImageStore,
  train: Int32Array,
  dim: number,
  config: Config,
): Promise<{ projection: Projection; description: string }> {
  const { embeddingDim } = teacher.card;
  const most = Math.min(embeddingDim, Math.min(train.length, mostImages) - 1);
  if (dim > most) {
    throw new AppError(
      "config-invalid",
      `An embedding of ${dim} dimensions cannot be made from the teacher's ${embeddingDim} on ${train.length} images`,
      { hint: `Choose at most ${most} dimensions, or 0 for the teacher's own.` },
    );
  }
  const order = createPrng(config.seed, "projection").permutation(train.length).slice(0, mostImages);
  const indices = Int32Array.from(order, (i) => train[i] as number);
  const rows = await embedImages(images, indices, config.imageSize, (views) =>
    normalizeRows(teacher.embed(views, "eval", config.teacherInputSize).embedding),
  );
  const { mean, components, explained } = await fitPca(rows, dim, config.seed);
  rows.dispose();
  const share = Math.round(100 * explained);
  return {
    projection: { mean, components, dim },
    description: `PCA of the teacher's ${embeddingDim} dimensions to ${dim}, keeping ${share} % of the variance`,
  };
}
