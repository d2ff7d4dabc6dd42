import { formatDatasetAddress, parseDatasetAddress, type DatasetAddress } from "./datasetAddress.ts";
import { parseWebAddress } from "./webAddress.ts";

/** Where a table of images is, and what of it is taken: all that a link needs to name the same images. */
export interface TableAddress {
  readonly place: DatasetAddress | { readonly file: string };
  /** At most so many; null where the address does not say. */
  readonly images: number | null;
  readonly imageColumn: string | null;
  /** "": no labels; null where the address does not say. */
  readonly labelColumn: string | null;
}

/** Our own marks in an address; they are taken off before anybody is asked for it. */
const imagesMark = "table.images";
const imageMark = "table.image";
const labelMark = "table.label";

/** More do not fit into memory, however small they are. */
export const mostTableImages = 200_000;

/**
 * The address of a data set, or of a parquet file or the page that shows it, as somebody typed it or a link has it.
 *
 * @returns null for anything else, such as the address of a zip.
 * @throws AppError "config-invalid" for an address that is not loaded from.
 */
export function parseTableAddress(text: string, ownOrigin = ""): TableAddress | null {
  const dataset = parseDatasetAddress(text, ownOrigin);
  const url = /^\s*https?:/.test(text) ? parseWebAddress(text, ownOrigin) : null;
  const marks = url?.searchParams;
  const images = Number(marks?.get(imagesMark) ?? "");
  const taken = {
    images: Number.isInteger(images) && images > 0 ? Math.min(images, mostTableImages) : null,
    imageColumn: marks?.get(imageMark) ?? null,
    labelColumn: marks?.get(labelMark) ?? null,
  };
  if (dataset !== null) return { place: dataset, ...taken };
  if (url === null || !/\.parquet$/i.test(url.pathname)) return null;
  url.pathname = url.pathname.replace(/^(\/datasets\/[^/]+\/[^/]+)\/blob\//, "$1/resolve/");
  for (const mark of [imagesMark, imageMark, labelMark])
    if (url.searchParams.has(mark)) url.searchParams.delete(mark);
  return { place: { file: url.href }, ...taken };
}

export function formatTableAddress({ place, images, imageColumn, labelColumn }: TableAddress): string {
  const url = new URL("file" in place ? place.file : formatDatasetAddress(place));
  if (images !== null) url.searchParams.set(imagesMark, String(images));
  if (imageColumn !== null) url.searchParams.set(imageMark, imageColumn);
  if (labelColumn !== null) url.searchParams.set(labelMark, labelColumn);
  return url.href;
}
