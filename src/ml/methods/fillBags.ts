import { AppError } from "../../contract/errors.ts";
import { plainViews } from "../augment/drawViews.ts";
import { embedInSlices } from "../tensors/embedInSlices.ts";
import { searchNeighbours } from "../eval/nearestNeighbours.ts";
import { finish } from "../../lib/slices.ts";
import { rowsOfTeacher } from "../teachers/embedWithTeacher.ts";
import type { Teacher } from "../teachers/teacher.ts";
import { normalizeRows, type UnitRows } from "../tensors/unitRows.ts";
import type { Bags } from "./bags.ts";
import type { PreparationSources, PreparationWatch } from "./preparation.ts";

/** Images in a bag besides its own, as published; fewer where there are no more. */
const publishedBagSize = 5;

/**
 * Puts beside each training image its nearest neighbours by the cosine of the teacher's backbone features, seen
 * unaugmented: as BINGO's authors do, once and before training.
 *
 * Takes memory for the features of all N images three times over at most, and 16 MB for similarities; time N².
 *
 * @throws AppError "dataset-too-small" when there is but one image.
 */
export async function fillBags(
  bags: Bags,
  { teacher, source, train, config }: PreparationSources & { readonly teacher: Teacher },
  { report, cancelled }: PreparationWatch,
): Promise<void> {
  if (train.length < 2) {
    throw new AppError("dataset-too-small", "One training image has no neighbours to share a bag with", {
      hint: "Add images, or choose another method.",
    });
  }
  const embedding = embedInSlices({
    task: "Embedding the images by the teacher",
    indices: train,
    render: (some) => plainViews(source, some),
    embed: rowsOfTeacher(teacher, config.teacherInputSize, ({ features }) => normalizeRows(features)),
  });
  const rows = (await finish(embedding, report, cancelled)) as UnitRows | null;
  if (rows === null) return;
  try {
    const size = Math.min(publishedBagSize, train.length - 1);
    const task = "Finding each image's neighbours";
    const search = searchNeighbours(rows, rows, size, { excludeSelf: true, task });
    const found = await finish(search, report, cancelled);
    if (found === null) return;
    const { indices } = found;
    const neighbours = indices.map((row) => train[row]!);
    const bagOf = (row: number): Int32Array => neighbours.subarray(row * size, (row + 1) * size);
    bags.fill(new Map(Array.from(train, (image, row) => [image, bagOf(row)])));
  } finally {
    rows.dispose();
  }
}
