import { AppError } from "../contract/errors.ts";
import { shownList, shownName } from "./quote.ts";

const mostDetails = 200;
const longestText = 2000;

/**
 * What a reader threw, fit to be shown: texts from the file cut and escaped, lists cut with their count. What ran into
 * the limits of the machine (too deep, too long) is the file's fault, and no fault of ours.
 */
export function boundedRefusal(error: unknown): unknown {
  if (error instanceof RangeError)
    return new AppError("file-refused", "The file is nested too deeply, or too large, to be read.", {
      hint: "It is damaged, or made to waste memory. Export or download it again.",
      cause: error,
    });
  if (!(error instanceof AppError)) return error;
  const { code, message, hint, details, cause } = error;
  return new AppError(code, shownText(message), {
    ...(hint === undefined ? {} : { hint: shownText(hint) }),
    details: shownList(details, mostDetails),
    cause,
  });
}

/** Its lines are ours: names in it are quoted. */
function shownText(text: string): string {
  return text
    .split("\n", 20)
    .map((line) => shownName(line, longestText))
    .join("\n");
}
