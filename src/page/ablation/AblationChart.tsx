import { seriesDash } from "../plots/plotTheme.ts";
import styles from "./AblationChart.module.css";
import type { AblationFigure } from "./ablationFigures.ts";
import { chartScale, labelRows, spreadLabels } from "./chartScale.ts";
import { allYs } from "./paperFigure.ts";

interface AblationChartProps {
  readonly figure: AblationFigure;
  /** Shows one run; null where runs cannot be opened now. */
  readonly onOpen: ((runId: string) => void) | null;
}

const width = 480;
const rowHeight = 15;
/** From one reference's label to the next. */
const labelHeight = 15;

/** A measure against what was varied: means, 95 % intervals as bars, every seed as a ring that opens its run. */
export function AblationChart({ figure, onOpen }: AblationChartProps) {
  const { measure, axisLabel, xKind, values, ticks, points, comparison, references, format } = figure;
  const frame = { left: 56, right: width - 12, top: 12, bottom: 236 };
  const rows = labelRows(ticks, frame.right - frame.left);
  const height = frame.bottom + 44 + (rows - 1) * rowHeight;
  const { x, y, yTicks } = chartScale(values, xKind, allYs(figure), frame, figure.yRange);
  const labelYs = spreadLabels(
    references.map((reference) => y(reference.y) - 4),
    labelHeight,
  );
  const tickOf = (value: string | number): string => ticks[values.indexOf(value)] ?? String(value);
  const summary = points.map(({ value, mean }) => `${tickOf(value)}: ${format(mean)}`).join(", ");
  return (
    <svg viewBox={`0 0 ${width} ${height}`} role="img" aria-label={`${measure} by ${axisLabel}. ${summary}`}>
      {yTicks.map((tick) => (
        <g key={tick}>
          <line className={styles.grid} x1={frame.left} x2={frame.right} y1={y(tick)} y2={y(tick)} />
          <text className={styles.text} x={frame.left - 6} y={y(tick) + 4} textAnchor="end">
            {format(tick)}
          </text>
        </g>
      ))}
      {values.map((value, i) => (
        <text
          key={value}
          className={styles.text}
          x={x(value)}
          y={frame.bottom + 18 + (i % rows) * rowHeight}
          textAnchor="middle"
        >
          {ticks[i]}
        </text>
      ))}
      <text className={styles.text} x={(frame.left + frame.right) / 2} y={height - 6} textAnchor="middle">
        {axisLabel}
      </text>
      {references.map((reference) => (
        <line
          key={reference.label}
          className={styles.reference}
          style={{ stroke: `var(--series-${reference.colour})` }}
          x1={frame.left}
          x2={frame.right}
          y1={y(reference.y)}
          y2={y(reference.y)}
          strokeDasharray={seriesDash[reference.colour].join(" ")}
        />
      ))}
      {comparison === null ? null : <Comparison curve={comparison} x={x} y={y} format={format} />}
      {xKind === "named" ? null : (
        <polyline
          className={styles.line}
          points={points.map((p) => `${x(p.value)},${y(p.mean)}`).join(" ")}
        />
      )}
      {points.map(({ value, mean, interval, seeds }) => (
        <g key={value}>
          {interval === null ? null : (
            <line
              className={styles.interval}
              x1={x(value)}
              x2={x(value)}
              y1={y(interval.low)}
              y2={y(interval.high)}
            />
          )}
          {seeds.map((seed) => (
            <circle
              key={seed.seed}
              className={onOpen === null ? styles.seed : `${styles.seed} ${styles.opens}`}
              cx={x(value)}
              cy={y(seed.y)}
              r={4.5}
              onClick={onOpen === null ? undefined : () => onOpen(seed.runId)}
            >
              <title>{`${axisLabel} ${tickOf(value)}, seed ${seed.seed}: ${format(seed.y)}`}</title>
            </circle>
          ))}
          <circle className={styles.mean} cx={x(value)} cy={y(mean)} r={3} />
        </g>
      ))}
      {references.map((reference, i) => (
        <text key={reference.label} className={styles.label} x={frame.right} y={labelYs[i]} textAnchor="end">
          {reference.label} {format(reference.y)}
        </text>
      ))}
    </svg>
  );
}

interface ComparisonProps {
  readonly curve: NonNullable<AblationFigure["comparison"]>;
  readonly x: (value: string | number) => number;
  readonly y: (y: number) => number;
  readonly format: (y: number) => string;
}

/** Named at its end, where it is as high as it gets. */
function Comparison({ curve, x, y, format }: ComparisonProps) {
  const { label, colour, points } = curve;
  const last = points.at(-1);
  if (last === undefined) return null;
  return (
    <>
      <polyline
        className={styles.line}
        style={{ stroke: `var(--series-${colour})` }}
        strokeDasharray={seriesDash[colour].join(" ")}
        points={points.map((point) => `${x(point.value)},${y(point.y)}`).join(" ")}
      />
      <text className={styles.label} x={x(last.value)} y={y(last.y) - 8} textAnchor="end">
        {label} {format(last.y)}
      </text>
    </>
  );
}
