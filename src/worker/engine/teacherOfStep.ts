import type { Config } from "../../contract/config.ts";
import { plainViews } from "../../ml/augment/drawViews.ts";
import type { ViewSource } from "../../ml/augment/viewSource.ts";
import { embedWithTeacher } from "../../ml/teachers/embedWithTeacher.ts";
import type { Embedded, Teacher } from "../../ml/teachers/teacher.ts";
import { normalizeRows } from "../../ml/tensors/unitRows.ts";
import * as tf from "../../ml/tfjs/tf.ts";
import type { MeasuredTeacher } from "../../ml/training/judge.ts";
import { readPair, type TeacherOfStep } from "./replayStep.ts";

/** The teacher's embeddings of one image's views, as in a step; with its stored statistics, whatever the step uses. */
export function teacherOfStep(
  { matched, measured }: { readonly matched: Teacher; readonly measured: MeasuredTeacher },
  source: ViewSource,
  { teacherViews, teacherInputSize }: Config,
): TeacherOfStep {
  return async ({ indices }, { first, second }) => {
    const embedded =
      teacherViews === "plain"
        ? await embedPlain(measured, source, indices.subarray(0, 1))
        : await embedViews(matched, [first, second], teacherInputSize);
    const pair = tf.tidy(() => {
      const unit = normalizeRows(embedded.embedding);
      return unit.shape[0] === 2 ? tf.clone(unit) : tf.concat2d([unit, unit], 0);
    });
    tf.dispose([embedded.embedding, embedded.features]);
    const read = await readPair(pair);
    pair.dispose();
    return read;
  };
}

async function embedPlain(
  { plain, project }: MeasuredTeacher,
  source: ViewSource,
  index: Int32Array,
): Promise<Embedded> {
  const embedded = await plain.rows(index, (some) => plainViews(source, some));
  const projected = project(embedded);
  if (projected.embedding !== embedded.embedding && embedded.embedding !== embedded.features)
    embedded.embedding.dispose();
  return projected;
}

/** Of the first image alone. */
async function embedViews(
  teacher: Teacher,
  views: readonly tf.Tensor4D[],
  inputSize: number,
): Promise<Embedded> {
  const images: tf.Tensor4D = tf.tidy(() =>
    tf.concat4d(
      views.map((view): tf.Tensor4D => tf.slice4d(view, [0, 0, 0, 0], [1, -1, -1, -1])),
      0,
    ),
  );
  const embedded = await embedWithTeacher(teacher, images, inputSize);
  images.dispose();
  return embedded;
}
