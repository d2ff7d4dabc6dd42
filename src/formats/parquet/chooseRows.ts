/** Rows from the start of one row group. */
export interface RowSpan {
  readonly file: number;
  readonly group: number;
  readonly rows: number;
}

/** Places to read from: more show more of a data set that lies in order of its classes, and cost more. */
const mostPlaces = 16;

/** What comes with the first row of a place is a whole page: 1 MiB as writers have it, or pyarrow's 1024 rows. */
const pageBytes = 1024 * 1024;
const pageRows = 1024;
/** What may be read for the sake of the places: twice the images themselves, or as much as takes a few seconds. */
const readForPlaces = 32 * 1024 * 1024;

/**
 * Which `most` rows are read: always the same ones. All, if there are no more. Else from row groups that are evenly
 * spread over all files, about as many from each, from the group's first row on: data sets often lie in order of
 * their classes, and the first rows would show one class only.
 *
 * Which groups: 16, or as few as keep what is read in proportion, or as many as it takes to have enough rows. What
 * a small group lacks, the others give.
 *
 * @param groups rows of each row group, file by file.
 * @param bytesPerRow of the images, on average, as they lie in the files.
 * @returns in the order of the files.
 */
export function chooseRows(
  groups: readonly (readonly number[])[],
  most: number,
  bytesPerRow: number,
): readonly RowSpan[] {
  const all = groups.flatMap((file, f) => file.map((rows, g) => ({ file: f, group: g, rows })));
  const filled = all.filter(({ rows }) => rows > 0);
  const total = filled.reduce((sum, { rows }) => sum + rows, 0);
  if (total <= most) return filled;

  const average = total / filled.length;
  const perPlace = bytesPerRow * Math.min(average, Math.max(pageRows, pageBytes / bytesPerRow));
  const affordable = Math.floor(Math.max(readForPlaces, 2 * most * bytesPerRow) / Math.max(1, perPlace));
  const places = Math.max(Math.min(mostPlaces, affordable), Math.ceil(most / average));
  let count = Math.min(filled.length, places);
  // Groups of unequal size may not suffice at first.
  while (rowsIn(evenly(filled, count)) < most) count = Math.min(filled.length, Math.ceil(count * 1.25));

  const chosen = evenly(filled, count);
  const spans = new Array<number>(chosen.length).fill(0);
  let left = most;
  // Small groups give all they have; what they lack is shared among the others.
  const bySize = chosen.map((_, i) => i).sort((a, b) => at(chosen, a).rows - at(chosen, b).rows || a - b);
  bySize.forEach((index, i) => {
    const share = Math.min(at(chosen, index).rows, Math.floor(left / (bySize.length - i)));
    spans[index] = share;
    left -= share;
  });
  return chosen.map((group, i) => ({ ...group, rows: at(spans, i) })).filter(({ rows }) => rows > 0);
}

function evenly<T>(items: readonly T[], count: number): T[] {
  return Array.from({ length: count }, (_, i) => at(items, Math.floor((i * items.length) / count)));
}

function rowsIn(groups: readonly RowSpan[]): number {
  return groups.reduce((sum, { rows }) => sum + rows, 0);
}

function at<T>(items: readonly T[], index: number): T {
  return items[index] as T;
}
