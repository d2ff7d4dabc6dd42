import type { Reject } from "../../contract/dataset.ts";
import { AppError } from "../../contract/errors.ts";
import { quote } from "../../formats/quote.ts";
import { visibleText } from "../../lib/visibleText.ts";
import { sortByPath } from "./imagePaths.ts";

const mostReasons = 10;

/**
 * That there is no image in what was given, why, and what to give.
 *
 * @param name of the folder, zip or file.
 * @param total files that might have been images.
 * @param rejects why each is none; of a single one the message says it, of more the details do.
 */
export function nothingUsable(name: string, total: number, rejects: readonly Reject[]): AppError {
  const sorted = sortByPath(rejects);
  const [first, ...others] = sorted;
  const accepted =
    "Accepted: JPEG, PNG, WebP, GIF, BMP or AVIF images: a folder, a zip, files or a parquet file of them.";
  if (first === undefined)
    return new AppError(
      "dataset-too-small",
      visibleText(
        total === 0
          ? `${quote(name)} is empty: there are no files in it.`
          : `There is nothing to read in ${quote(name)}, of ${total} files.`,
      ),
      { hint: `Give the folder or zip that holds your images. ${accepted}` },
    );
  const message =
    others.length === 0
      ? `No images found in ${quote(first.path)}: ${first.message.replace(/\.$/, "")}.`
      : `No images found in ${quote(name)}: none of its ${sorted.length} files can be used.`;
  return new AppError("dataset-too-small", visibleText(message), {
    hint: accepted,
    details:
      others.length === 0
        ? [] // the message has said it
        : sorted.slice(0, mostReasons).map(({ path, message: why }) => visibleText(`${path}: ${why}`)),
  });
}
