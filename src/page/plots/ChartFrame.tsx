import type { ReactNode } from "react";
import styles from "./ChartFrame.module.css";

/** Where curves and points lie in a drawing, in its own units. */
export interface PlotArea {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

interface Tick {
  /** Where it lies, in the drawing's units. */
  readonly at: number;
  readonly label: string;
}

interface ChartFrameProps {
  readonly width: number;
  readonly area: PlotArea;
  readonly xTicks: readonly Tick[];
  readonly yTicks: readonly Tick[];
  readonly xLabel: string;
  /** Rows that the labels below are written in, one tick after another, where one is too short for them. */
  readonly labelRows?: number;
  /** All that it shows, in words. */
  readonly description: string;
  /** Curves and points, as SVG. */
  readonly children: ReactNode;
}

const rowHeight = 15;

/** The axes of a small chart that React draws: grid, ticks, and what is drawn in them. */
export function ChartFrame({
  width,
  area: { left, right, bottom },
  xTicks,
  yTicks,
  xLabel,
  labelRows = 1,
  description,
  children,
}: ChartFrameProps) {
  const height = bottom + 44 + (labelRows - 1) * rowHeight;
  return (
    <svg className={styles.plot} viewBox={`0 0 ${width} ${height}`} role="img" aria-label={description}>
      {yTicks.map(({ at, label }) => (
        <g key={at}>
          <line className={styles.grid} x1={left} x2={right} y1={at} y2={at} />
          <text className={styles.text} x={left - 6} y={at + 4} textAnchor="end">
            {label}
          </text>
        </g>
      ))}
      {xTicks.map(({ at, label }, i) => (
        <text
          key={at}
          className={styles.text}
          x={at}
          y={bottom + 18 + (i % labelRows) * rowHeight}
          textAnchor="middle"
        >
          {label}
        </text>
      ))}
      <text className={styles.text} x={(left + right) / 2} y={height - 6} textAnchor="middle">
        {xLabel}
      </text>
      {children}
    </svg>
  );
}
