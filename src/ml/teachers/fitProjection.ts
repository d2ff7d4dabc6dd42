import type { Config } from "../../contract/config.ts";
import { AppError } from "../../contract/errors.ts";
import { createPrng } from "../../lib/prng.ts";
import { drawView, plainViews } from "../augment/drawViews.ts";
import type { ViewSource } from "../augment/viewSource.ts";
import { fitPca } from "../eval/pca.ts";
import { embedInSlices } from "../tensors/embedInSlices.ts";
import { finish, type Progress } from "../../lib/slices.ts";
import * as tf from "../tfjs/tf.ts";
import { normalizeRows } from "../tensors/unitRows.ts";
import { rowsOfTeacher } from "./embedWithTeacher.ts";
import type { PlainEmbeddings } from "./plainEmbeddings.ts";
import type { Projection } from "./projectedTeacher.ts";
import type { Teacher } from "./teacher.ts";

/** Views the PCA is fitted on: eight for each direction asked for, within these bounds. */
const fewestViews = 512;
const mostViews = 2048;
const viewsPerDimension = 8;

/**
 * A PCA of the teacher's unit embeddings of training images to `dim` dimensions, fitted on what the teacher will
 * embed: random views as the student gets them, or plain images where its embeddings of those are the target.
 * (Fitted on plain images, all random views would lie to one side of the mean, and a student could earn most of the
 * cosine by giving every image the same embedding; and the other way round.)
 *
 * @param plain this teacher's, of the set that `train` is of.
 * @throws AppError "config-invalid" when there are fewer embeddings or dimensions than asked for.
 */
export async function fitProjection(
  teacher: Teacher,
  source: ViewSource,
  train: Int32Array,
  dim: number,
  config: Config,
  plain: PlainEmbeddings,
  report?: (progress: Progress) => void,
): Promise<{ projection: Projection; description: string }> {
  const { embeddingDim } = teacher.card;
  const most = Math.min(embeddingDim, Math.min(train.length, mostViews) - 1);
  if (dim > most) {
    throw new AppError(
      "config-invalid",
      `An embedding of ${dim} dimensions cannot be made from the teacher's ${embeddingDim} on ${train.length} images`,
      { hint: `Choose at most ${most} dimensions, or 0 for the teacher's own.` },
    );
  }
  // One choice for all seeds, so that runs that differ in their seed share their targets.
  const prng = createPrng(config.splitSeed, "projection");
  const views = Math.min(mostViews, Math.max(fewestViews, viewsPerDimension * dim));
  const order = prng.permutation(train.length).slice(0, views);
  const indices = Int32Array.from(order, (i) => train[i] as number);
  const rows = config.teacherViews === "plain" ? await ofPlainImages() : await ofViews();
  const { mean, components, explained } = await fitPca(rows, dim, config.splitSeed);
  rows.dispose();
  const share = Math.round(100 * explained);
  return {
    projection: { mean, components, dim },
    description: `PCA of the teacher's ${embeddingDim} dimensions to ${dim}, keeping ${share} % of the variance`,
  };

  async function ofPlainImages(): Promise<tf.Tensor2D> {
    const embedded = await plain.rows(indices, (some) => plainViews(source, some), report);
    const unit: tf.Tensor2D = tf.tidy(() => normalizeRows(embedded.embedding));
    tf.dispose([embedded.embedding, embedded.features]);
    return unit;
  }

  async function ofViews(): Promise<tf.Tensor2D> {
    const embedding = embedInSlices({
      task: "Showing views to the teacher",
      indices,
      render: (some) => drawView(source, some, prng, config),
      embed: rowsOfTeacher(teacher, config.teacherInputSize, ({ embedding }) => normalizeRows(embedding)),
    });
    return (await finish(embedding, report)) as tf.Tensor2D;
  }
}
