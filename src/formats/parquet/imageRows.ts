import type { ImageRow, ParquetChoice } from "../../contract/parquet.ts";
import { chooseRows, type RowSpan } from "./chooseRows.ts";
import { readColumnValues, type ParquetValue } from "./columnValues.ts";
import { chosenColumns, type LabelColumn } from "./imageColumns.ts";
import type { ParquetFile } from "./parquetFile.ts";

/** Text that stands for a class. */
const longestLabel = 200;
const decoder = new TextDecoder();

export interface ImageRows {
  /** How many there will be. */
  readonly count: number;
  readonly rows: AsyncGenerator<ImageRow, void>;
}

/**
 * The images of a data set, at most `most` of them (`chooseRows` says which), one after another. No more than a
 * page of each of the two columns is in memory at a time.
 *
 * @throws AppError "file-unsupported" at once when a file lacks a column; while reading, "file-unreadable",
 * "file-unsupported" or "file-refused" when it comes to a row group that is.
 */
export function openImageRows(files: readonly ParquetFile[], choice: ParquetChoice, most: number): ImageRows {
  const columns = files.map((file) => chosenColumns(file, choice));
  const spans = chooseRows(
    files.map((file) => file.rowGroups.map(({ rows }) => rows)),
    most,
    bytesPerImage(files, columns),
  );
  const count = spans.reduce((sum, { rows }) => sum + rows, 0);
  return { count, rows: readSpans(files, columns, spans) };
}

/** On average, as they lie in the files. */
function bytesPerImage(
  files: readonly ParquetFile[],
  columns: readonly ReturnType<typeof chosenColumns>[],
): number {
  let bytes = 0;
  let rows = 1;
  files.forEach((file, i) => {
    const { image } = columns[i] as (typeof columns)[number];
    for (const group of file.rowGroups) {
      const chunk = group.chunks[image.index];
      if (chunk !== undefined) bytes += chunk.end - chunk.start;
    }
    rows += file.rows;
  });
  return Math.max(1, bytes / rows);
}

async function* readSpans(
  files: readonly ParquetFile[],
  columns: readonly ReturnType<typeof chosenColumns>[],
  spans: readonly RowSpan[],
): AsyncGenerator<ImageRow, void> {
  for (const span of spans) {
    const file = files[span.file] as ParquetFile;
    const { image, label } = columns[span.file] as (typeof columns)[number];
    const firstRow = file.rowGroups.slice(0, span.group).reduce((sum, { rows }) => sum + rows, 1);
    const images = oneByOne(readColumnValues(file, span.group, image.index, span.rows));
    const labels =
      label === null ? null : oneByOne(readColumnValues(file, span.group, label.index, span.rows));
    for (let i = 0; i < span.rows; i++) {
      const { value: bytes } = await images.next();
      const { value: of } = (await labels?.next()) ?? {};
      yield {
        path: `${file.name}/${firstRow + i}`,
        bytes: bytes instanceof Uint8Array ? new Uint8Array(bytes) : null,
        label: label === null ? "" : labelOf(of ?? null, label),
      };
    }
  }
}

async function* oneByOne(
  pages: AsyncGenerator<readonly ParquetValue[], void>,
): AsyncGenerator<ParquetValue, void> {
  for await (const page of pages) yield* page;
}

/** "" for none. The datasets library writes −1 where a class is not known. */
function labelOf(value: ParquetValue, { classNames }: LabelColumn): string {
  if (value === null) return "";
  if (value instanceof Uint8Array) return decoder.decode(value).trim().slice(0, longestLabel);
  if (typeof value === "boolean") return String(value);
  if (classNames === null) return String(value);
  const index = Number(value);
  if (index === -1) return "";
  return (classNames[index] ?? String(value)).slice(0, longestLabel);
}
