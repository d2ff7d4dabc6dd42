import { methods, type MethodName } from "../../contract/methods.ts";
import { invariant } from "../../lib/invariant.ts";
import { embedWithTeacher } from "../teachers/embedWithTeacher.ts";
import type { Progress } from "../../lib/slices.ts";
import type { PlainEmbeddings, Render } from "../teachers/plainEmbeddings.ts";
import type { Embedded, Teacher } from "../teachers/teacher.ts";
import * as tf from "../tfjs/tf.ts";
import type { PrecomputedTargets, Views } from "./method.ts";

/** What a step will be about: its views, and which images they are of. */
export interface StepViews {
  readonly views: Views;
  readonly indices: Int32Array;
  /** Of the companions; empty without. */
  readonly companionIndices: Int32Array;
  /** Which stored views these are, where views are stored. */
  readonly stored?: { readonly first: Int32Array; readonly second: Int32Array };
}

/** Computes the teacher's embeddings of a step's views before the step. `disposeTargets` when it is over. */
export type PrecomputeTargets = (step: StepViews) => Promise<PrecomputedTargets>;

/** A step may take so long without a word. */
const quietMs = 150;

/** Of a teacher that embeds later: the views that its method wants it to see, all in one batch. */
export function embedAhead(method: MethodName, teacher: Teacher, inputSize: number): PrecomputeTargets {
  return async (step) => {
    const seen = viewsForTeacher(method, step);
    const batch =
      seen.length === 1
        ? tf.clone(seen[0]!.images)
        : tf.concat4d(
            seen.map(({ images }) => images),
            0,
          );
    const embedded = await embedWithTeacher(teacher, batch, inputSize);
    batch.dispose();
    const targets = new Map<tf.Tensor4D, Embedded>();
    let from = 0;
    for (const { images } of seen) {
      const rows = images.shape[0];
      targets.set(images, rowsOf(embedded, from, rows));
      from += rows;
    }
    tf.dispose([embedded.embedding, embedded.features]);
    return targets;
  };
}

/**
 * Looks up the teacher's embeddings of the plain images, whatever the views; those of images that are new are computed.
 *
 * @param render gives the plain images.
 * @param project from the teacher's own embedding to the one that is matched; may change nothing.
 */
export function lookUpTargets(
  method: MethodName,
  plain: PlainEmbeddings,
  render: Render,
  project: (embedded: Embedded) => Embedded,
  report?: (progress: Progress) => void,
): PrecomputeTargets {
  return (step) => lookUp(viewsForTeacher(method, step), plain, render, project, report);
}

/** The same of stored views: the teacher embeds the views themselves, each once. */
export function lookUpTargetsOfStoredViews(
  method: MethodName,
  known: PlainEmbeddings,
  render: Render,
  project: (embedded: Embedded) => Embedded,
  report?: (progress: Progress) => void,
): PrecomputeTargets {
  return ({ views, stored }) => {
    invariant(stored !== undefined, "the views are stored ones");
    const seen = methods[method].teacherSees.map((which) => {
      return { images: views[which], indices: stored[which] };
    });
    return lookUp(seen, known, render, project, report);
  };
}

async function lookUp(
  seen: readonly { readonly images: tf.Tensor4D; readonly indices: Int32Array }[],
  known: PlainEmbeddings,
  render: Render,
  project: (embedded: Embedded) => Embedded,
  report?: (progress: Progress) => void,
): Promise<PrecomputedTargets> {
  const startMs = performance.now();
  const reportIfSlow = (progress: Progress): void => {
    if (performance.now() - startMs > quietMs) report?.(progress);
  };
  const targets = new Map<tf.Tensor4D, Embedded>();
  for (const { images, indices } of seen) {
    const embedded = await known.rows(indices, render, reportIfSlow);
    const projected = project(embedded);
    if (projected.embedding !== embedded.embedding && embedded.embedding !== embedded.features)
      embedded.embedding.dispose();
    targets.set(images, projected);
  }
  return targets;
}

export function disposeTargets(targets: PrecomputedTargets | undefined): void {
  for (const { embedding, features } of targets?.values() ?? []) tf.dispose([embedding, features]);
}

function viewsForTeacher(
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
