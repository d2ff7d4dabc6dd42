import { methods, type MethodName } from "../../contract/methods.ts";
import { invariant } from "../../lib/invariant.ts";
import { askTeacher } from "../teachers/askTeacher.ts";
import type { Progress } from "../../lib/slices.ts";
import type { PlainEmbeddings, Render } from "../teachers/plainEmbeddings.ts";
import type { Embedded, Teacher } from "../teachers/teacher.ts";
import * as tf from "../tfjs/tf.ts";
import type { TeacherAnswers, Views } from "./method.ts";

/** What a step will be about: its views, and which images they are of. */
export interface StepViews {
  readonly views: Views;
  readonly indices: Int32Array;
  /** Of the companions; empty without. */
  readonly companionIndices: Int32Array;
  /** Which stored views these are, where views are stored. */
  readonly stored?: { readonly first: Int32Array; readonly second: Int32Array };
}

/** Works out what the teacher says of a step's views before the step. `disposeAnswers` when it is over. */
export type AnswerAhead = (step: StepViews) => Promise<TeacherAnswers>;

/** A step may take so long without a word. */
const quietMs = 150;

/** Asks a teacher that answers later about the views its method wants it to see, all in one batch. */
export function askAhead(method: MethodName, teacher: Teacher, inputSize: number): AnswerAhead {
  return async (step) => {
    const asked = viewsAsked(method, step);
    const batch =
      asked.length === 1
        ? tf.clone(asked[0]!.images)
        : tf.concat4d(
            asked.map(({ images }) => images),
            0,
          );
    const said = await askTeacher(teacher, batch, inputSize);
    batch.dispose();
    const answers = new Map<tf.Tensor4D, Embedded>();
    let from = 0;
    for (const { images } of asked) {
      const rows = images.shape[0];
      answers.set(images, rowsOf(said, from, rows));
      from += rows;
    }
    tf.dispose([said.embedding, said.features]);
    return answers;
  };
}

/**
 * Looks up what the teacher says of the plain images, whatever the views; of images new to it, it is asked.
 *
 * @param render gives the plain images.
 * @param see from the teacher's own embedding to the one that is matched: a projection, or nothing.
 */
export function lookUpAhead(
  method: MethodName,
  plain: PlainEmbeddings,
  render: Render,
  see: (said: Embedded) => Embedded,
  report?: (progress: Progress) => void,
): AnswerAhead {
  return (step) => lookUp(viewsAsked(method, step), plain, render, see, report);
}

/** The same of stored views: the teacher sees the views themselves, each once. */
export function lookUpStoredAhead(
  method: MethodName,
  answers: PlainEmbeddings,
  render: Render,
  see: (said: Embedded) => Embedded,
  report?: (progress: Progress) => void,
): AnswerAhead {
  return ({ views, stored }) => {
    invariant(stored !== undefined, "the views are stored ones");
    const asked = methods[method].teacherSees.map((which) => {
      return { images: views[which], indices: stored[which] };
    });
    return lookUp(asked, answers, render, see, report);
  };
}

async function lookUp(
  asked: readonly { readonly images: tf.Tensor4D; readonly indices: Int32Array }[],
  known: PlainEmbeddings,
  render: Render,
  see: (said: Embedded) => Embedded,
  report?: (progress: Progress) => void,
): Promise<TeacherAnswers> {
  const startMs = performance.now();
  const reportIfSlow = (progress: Progress): void => {
    if (performance.now() - startMs > quietMs) report?.(progress);
  };
  const answers = new Map<tf.Tensor4D, Embedded>();
  for (const { images, indices } of asked) {
    const said = await known.rows(indices, render, reportIfSlow);
    const seen = see(said);
    if (seen.embedding !== said.embedding && said.embedding !== said.features) said.embedding.dispose();
    answers.set(images, seen);
  }
  return answers;
}

export function disposeAnswers(answers: TeacherAnswers | undefined): void {
  for (const { embedding, features } of answers?.values() ?? []) tf.dispose([embedding, features]);
}

function viewsAsked(
  method: MethodName,
  { views, indices, companionIndices }: StepViews,
): readonly { readonly images: tf.Tensor4D; readonly indices: Int32Array }[] {
  return methods[method].teacherSees.flatMap((which) => [
    { images: views[which], indices },
    ...(views.companions === undefined
      ? []
      : [{ images: views.companions[which], indices: companionIndices }]),
  ]);
}

function rowsOf({ embedding, features }: Embedded, from: number, count: number): Embedded {
  const slice = (tensor: tf.Tensor2D): tf.Tensor2D => tf.slice2d(tensor, [from, 0], [count, tensor.shape[1]]);
  const rows = slice(embedding);
  return { embedding: rows, features: features === embedding ? rows : slice(features) };
}
