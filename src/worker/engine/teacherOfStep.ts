import type { Config } from "../../contract/config.ts";
import { plainViews } from "../../ml/augment/drawViews.ts";
import type { ViewSource } from "../../ml/augment/viewSource.ts";
import { askTeacher } from "../../ml/teachers/askTeacher.ts";
import type { Embedded, Teacher } from "../../ml/teachers/teacher.ts";
import { normalizeRows } from "../../ml/tensors/unitRows.ts";
import * as tf from "../../ml/tfjs/tf.ts";
import type { MeasuredTeacher } from "../../ml/training/judge.ts";
import { readPair, type TeacherOfStep } from "./replayStep.ts";

/** What the teacher says of one image's views, as it does in a step; with its stored statistics, whatever the step uses. */
export function teacherOfStep(
  { matched, measured }: { readonly matched: Teacher; readonly measured: MeasuredTeacher },
  source: ViewSource,
  { teacherViews, teacherInputSize }: Config,
): TeacherOfStep {
  return async ({ indices }, { first, second }) => {
    const said =
      teacherViews === "plain"
        ? await sayOfPlain(measured, source, indices.subarray(0, 1))
        : await sayOfViews(matched, [first, second], teacherInputSize);
    const pair = tf.tidy(() => {
      const unit = normalizeRows(said.embedding);
      return unit.shape[0] === 2 ? tf.clone(unit) : tf.concat2d([unit, unit], 0);
    });
    tf.dispose([said.embedding, said.features]);
    const read = await readPair(pair);
    pair.dispose();
    return read;
  };
}

async function sayOfPlain(
  { plain, see }: MeasuredTeacher,
  source: ViewSource,
  index: Int32Array,
): Promise<Embedded> {
  const said = await plain.rows(index, (some) => plainViews(source, some));
  const seen = see(said);
  if (seen.embedding !== said.embedding && said.embedding !== said.features) said.embedding.dispose();
  return seen;
}

/** Of the first image alone. */
async function sayOfViews(
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
  const said = await askTeacher(teacher, images, inputSize);
  images.dispose();
  return said;
}
