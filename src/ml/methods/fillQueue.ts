import { createPrng } from "../../lib/prng.ts";
import { plainViews } from "../augment/drawViews.ts";
import { embedInSlices } from "../tensors/embedInSlices.ts";
import type { KeyQueue } from "../losses/queue.ts";
import { finish } from "../../lib/slices.ts";
import { rowsOfTeacher } from "../teachers/embedWithTeacher.ts";
import type { Teacher } from "../teachers/teacher.ts";
import { normalizeRows, type UnitRows } from "../tensors/unitRows.ts";
import type { PreparationSources, PreparationWatch } from "./preparation.ts";

/**
 * Replaces a queue's random keys by the teacher's embeddings of training images, as many as there are images. (The
 * authors' loader fills it with the teacher checkpoint's own queue, which are embeddings of its training images.)
 */
export async function fillQueue(
  queue: KeyQueue,
  { teacher, source, train, config }: PreparationSources & { readonly teacher: Teacher },
  { report, cancelled }: PreparationWatch,
): Promise<void> {
  const order = createPrng(config.seed, "queue images").permutation(train.length).slice(0, queue.capacity);
  const embedding = embedInSlices({
    task: "Filling the queue from the teacher",
    indices: Int32Array.from(order, (i) => train[i] as number),
    render: (some) => plainViews(source, some),
    embed: rowsOfTeacher(teacher, config.teacherInputSize, ({ embedding }) => normalizeRows(embedding)),
  });
  const rows = (await finish(embedding, report, cancelled)) as UnitRows | null;
  if (rows === null) return;
  queue.enqueue(rows);
  rows.dispose();
}
