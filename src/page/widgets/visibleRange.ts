export interface VisibleRange {
  readonly columns: number;
  /** Side of a cell with the gap to the next: at least the one asked for, stretched so that rows are full. */
  readonly pitch: number;
  /** First index to show, and one past the last. */
  readonly first: number;
  readonly end: number;
  readonly totalHeight: number;
}

/** Rows kept ready above and below what is in sight. */
const spareRows = 2;

/** Which cells of a scrolled grid are in sight. All lengths are in the same unit. */
export function visibleRange(grid: {
  readonly width: number;
  readonly height: number;
  readonly scrollTop: number;
  readonly count: number;
  /** Smallest side of a cell. */
  readonly side: number;
  readonly gap: number;
}): VisibleRange {
  const columns = Math.max(1, Math.floor((grid.width + grid.gap) / (grid.side + grid.gap)));
  const pitch = Math.max(grid.side + grid.gap, (grid.width + grid.gap) / columns);
  const totalHeight = Math.max(0, Math.ceil(grid.count / columns) * pitch - grid.gap);
  if (grid.width === 0) return { columns, pitch, first: 0, end: 0, totalHeight };
  const firstRow = Math.max(0, Math.floor(grid.scrollTop / pitch) - spareRows);
  const endRow = Math.ceil((grid.scrollTop + grid.height) / pitch) + spareRows;
  const end = Math.min(grid.count, endRow * columns);
  return { columns, pitch, first: Math.min(firstRow * columns, end), end, totalHeight };
}
