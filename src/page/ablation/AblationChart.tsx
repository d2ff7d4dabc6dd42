import { seriesDash } from "../plots/plotTheme.ts";
import styles from "./AblationChart.module.css";
import type { AblationFigure } from "./ablationFigures.ts";
import { LineSample } from "../plots/LineSample.tsx";
import { chartScale, labelRows } from "./chartScale.ts";
import { allYs } from "./paperFigure.ts";

interface AblationChartProps {
  readonly figure: AblationFigure;
  /** Shows one run; null where runs cannot be opened now. */
  readonly onOpen: ((runId: string) => void) | null;
}

const width = 480;
const rowHeight = 15;

/**
 * A measure against what was varied: means, 95 % intervals as bars, every seed as a ring that opens its run. Lines to
 * compare with are named below, where no point can lie.
 */
export function AblationChart({ figure, onOpen }: AblationChartProps) {
  const { measure, axisLabel, xKind, values, ticks, points, comparison, references, format } = figure;
  const frame = { left: 56, right: width - 12, top: 12, bottom: 236 };
  const rows = labelRows(ticks, frame.right - frame.left);
  const height = frame.bottom + 44 + (rows - 1) * rowHeight;
  const { x, y, yTicks } = chartScale(values, xKind, allYs(figure), frame, figure.yRange);
  const lowest = yTicks[0] ?? 0;
  const tickOf = (value: string | number): string => ticks[values.indexOf(value)] ?? String(value);
  const summary = points.map(({ value, mean }) => `${tickOf(value)}: ${format(mean)}`).join(", ");
  return (
    <>
      <svg
        className={styles.plot}
        viewBox={`0 0 ${width} ${height}`}
        role="img"
        aria-label={`${measure} by ${axisLabel}. ${summary}`}
      >
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
        {comparison === null ? null : (
          <polyline
            className={styles.line}
            style={{ stroke: `var(--series-${comparison.colour})` }}
            strokeDasharray={seriesDash[comparison.colour].join(" ")}
            points={comparison.points.map((p) => `${x(p.value)},${y(p.y)}`).join(" ")}
          />
        )}
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
      </svg>
      <ul className={styles.legend}>
        {comparison === null ? null : (
          <li>
            <LineSample stroke={`var(--series-${comparison.colour})`} dash={seriesDash[comparison.colour]} />{" "}
            {comparison.label}
          </li>
        )}
        {references.map(({ label, colour, y: at }) => (
          <li key={label}>
            <LineSample stroke={`var(--series-${colour})`} dash={seriesDash[colour]} /> {label} {format(at)}
          </li>
        ))}
        {lowest > 0 ? <li>The axis begins at {format(lowest)}, not at 0.</li> : null}
      </ul>
    </>
  );
}
