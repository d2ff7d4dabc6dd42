import { AppError } from "../../contract/errors.ts";
import { yieldToMessages } from "../../lib/yieldToMessages.ts";
import { plainViews } from "../augment/drawViews.ts";
import { embedImages } from "../embedImages.ts";
import { nearestNeighbours } from "../eval/nearestNeighbours.ts";
import { rowsOfTeacher } from "../teachers/askTeacher.ts";
import type { Teacher } from "../teachers/teacher.ts";
import { normalizeRows, type UnitRows } from "../tensors/unitRows.ts";
import type { Bags } from "./bags.ts";
import type { PreparationSources, PreparationWatch } from "./prepareMethod.ts";

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
  let embedded = 0;
  const rows = (await embedImages(
    train,
    (some) => plainViews(source, some),
    rowsOfTeacher(teacher, config.teacherInputSize, ({ features }) => {
      embedded += features.shape[0];
      return normalizeRows(features);
    }),
    () => {
      report("Embedding the images by the teacher", embedded, train.length);
      return cancelled();
    },
  )) as UnitRows;
  try {
    if (cancelled()) return;
    const size = Math.min(publishedBagSize, train.length - 1);
    const { indices } = await nearestNeighbours(rows, rows, size, {
      excludeSelf: true,
      afterBlock: async (done) => {
        report("Finding each image's neighbours", done, train.length);
        await yieldToMessages();
        return !cancelled();
      },
    });
    if (cancelled()) return;
    const neighbours = indices.map((row) => train[row]!);
    const bagOf = (row: number): Int32Array => neighbours.subarray(row * size, (row + 1) * size);
    bags.fill(new Map(Array.from(train, (image, row) => [image, bagOf(row)])));
  } finally {
    rows.dispose();
  }
}
