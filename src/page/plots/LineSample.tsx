interface LineSampleProps {
  /** A colour as CSS has it. */
  readonly stroke: string;
  /** In CSS pixels; none = a solid line. */
  readonly dash: readonly number[];
  readonly width?: number;
}

/** A short piece of a curve, dashes included, for a legend. */
export function LineSample({ stroke, dash, width = 2 }: LineSampleProps) {
  return (
    <svg width="22" height="8" aria-hidden="true">
      <line
        x1="0"
        y1="4"
        x2="22"
        y2="4"
        strokeWidth={width}
        strokeDasharray={dash.join(" ")}
        style={{ stroke }}
      />
    </svg>
  );
}
