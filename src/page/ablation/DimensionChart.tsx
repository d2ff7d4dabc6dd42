import type { AblationPoint } from "../commands/ablation.ts";
import type { ChartReference } from "../plots/chartData.ts";
import styles from "./DimensionChart.module.css";
import { dimensionScale } from "./dimensionScale.ts";
import { seriesDash } from "../plots/plotTheme.ts";

interface DimensionChartProps {
  readonly title: string;
  readonly axisLabel: string;
  /** All dimensions of the ablation, those without a result yet included. */
  readonly values: readonly number[];
  readonly points: readonly AblationPoint[];
  readonly references: readonly ChartReference[];
  readonly format: (y: number) => string;
}

const width = 480;
const height = 280;
const frame = { left: 56, right: width - 12, top: 12, bottom: height - 44 };

/** A metric against a dimension: means joined, standard deviations as bars, every seed as a ring. */
export function DimensionChart({
  title,
  axisLabel,
  values,
  points,
  references,
  format,
}: DimensionChartProps) {
  const rising = [...values].sort((a, b) => a - b);
  const { x, y, yTicks } = dimensionScale(
    rising,
    [
      ...points.flatMap(({ mean, std, seeds }) => [
        mean - (std ?? 0),
        mean + (std ?? 0),
        ...seeds.map((seed) => seed.y),
      ]),
      ...references.map((reference) => reference.y),
    ],
    frame,
  );
  const summary = points.map(({ value, mean }) => `${value}: ${format(mean)}`).join(", ");
  return (
    <svg viewBox={`0 0 ${width} ${height}`} role="img" aria-label={`${title} by ${axisLabel}. ${summary}`}>
      {yTicks.map((tick) => (
        <g key={tick}>
          <line className={styles.grid} x1={frame.left} x2={frame.right} y1={y(tick)} y2={y(tick)} />
          <text className={styles.text} x={frame.left - 6} y={y(tick) + 4} textAnchor="end">
            {format(tick)}
          </text>
        </g>
      ))}
      {rising.map((value) => (
        <text key={value} className={styles.text} x={x(value)} y={frame.bottom + 18} textAnchor="middle">
          {value}
        </text>
      ))}
      <text className={styles.text} x={(frame.left + frame.right) / 2} y={height - 6} textAnchor="middle">
        {axisLabel}
      </text>
      {references.map((reference) => (
        <g key={reference.label} style={{ stroke: `var(--series-${reference.colour})` }}>
          <line
            className={styles.reference}
            x1={frame.left}
            x2={frame.right}
            y1={y(reference.y)}
            y2={y(reference.y)}
            strokeDasharray={seriesDash[reference.colour].join(" ")}
          />
          <text className={styles.label} x={frame.right} y={y(reference.y) - 4} textAnchor="end">
            {reference.label} {format(reference.y)}
          </text>
        </g>
      ))}
      <polyline className={styles.line} points={points.map((p) => `${x(p.value)},${y(p.mean)}`).join(" ")} />
      {points.map(({ value, mean, std, seeds }) => (
        <g key={value}>
          {std === null ? null : (
            <line
              className={styles.spread}
              x1={x(value)}
              x2={x(value)}
              y1={y(mean - std)}
              y2={y(mean + std)}
            />
          )}
          {seeds.map((seed) => (
            <circle key={seed.seed} className={styles.seed} cx={x(value)} cy={y(seed.y)} r={4.5}>
              <title>{`${axisLabel} ${value}, seed ${seed.seed}: ${format(seed.y)}`}</title>
            </circle>
          ))}
          <circle className={styles.mean} cx={x(value)} cy={y(mean)} r={3} />
        </g>
      ))}
    </svg>
  );
}
