/** Rows from the start of one row group. */
export interface RowSpan {
  readonly file: number;
  readonly group: number;
  readonly rows: number;
}

/** Places to read from: more cost requests, fewer show less of a data set that lies in order of its classes. */
const places = 16;

/**
 * Which `most` rows are read: always the same ones. All, if there are no more. Else from row groups that are evenly
 * spread over all files, about as many from each, from the group's first row on: data sets often lie in order of
 * their classes, and the first rows would show one class only.
 *
 * Which groups: 16, or as many as it takes to have enough rows, or all. What a small group lacks, the next ones give.
 *
 * @param groups rows of each row group, file by file.
 * @returns in the order of the files.
 */
export function chooseRows(groups: readonly (readonly number[])[], most: number): readonly RowSpan[] {
  const all = groups.flatMap((file, f) => file.map((rows, g) => ({ file: f, group: g, rows })));
  const filled = all.filter(({ rows }) => rows > 0);
  const total = filled.reduce((sum, { rows }) => sum + rows, 0);
  if (total <= most) return filled;

  const average = total / filled.length;
  let count = Math.min(filled.length, Math.max(places, Math.ceil(most / average)));
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
