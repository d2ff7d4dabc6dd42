export interface VisibleRange {
  readonly columns: number;
  /** First index to show, and one past the last. */
  readonly first: number;
  readonly end: number;
  readonly totalHeight: number;
}

/** Rows kept ready above and below what is in sight. */
const spareRows = 2;

/**
 * Which cells of a scrolled grid are in sight.
 *
 * @param grid.pitch side of a cell with the gap to the next, in the unit of the other lengths.
 */
export function visibleRange(grid: {
  readonly width: number;
  readonly height: number;
  readonly scrollTop: number;
  readonly count: number;
  readonly pitch: number;
  readonly gap: number;
}): VisibleRange {
  const columns = Math.max(1, Math.floor((grid.width + grid.gap) / grid.pitch));
  const rows = Math.ceil(grid.count / columns);
  const totalHeight = Math.max(0, rows * grid.pitch - grid.gap);
  if (grid.width === 0) return { columns, first: 0, end: 0, totalHeight };
  const firstRow = Math.max(0, Math.floor(grid.scrollTop / grid.pitch) - spareRows);
  const endRow = Math.ceil((grid.scrollTop + grid.height) / grid.pitch) + spareRows;
  const end = Math.min(grid.count, endRow * columns);
  return { columns, first: Math.min(firstRow * columns, end), end, totalHeight };
}
