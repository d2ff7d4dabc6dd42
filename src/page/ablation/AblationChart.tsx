import { ChartFrame, type PlotArea } from "../plots/ChartFrame.tsx";
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
const area: PlotArea = { left: 56, right: width - 12, top: 12, bottom: 236 };

/**
 * A measure against what was varied: means, 95 % intervals as bars, every seed as a ring that opens its run. Lines to
 * compare with are named below, where no point can lie.
 */
export function AblationChart({ figure, onOpen }: AblationChartProps) {
  const { measure, axisLabel, xKind, values, ticks, points, comparison, references, format } = figure;
  const { x, y, yTicks } = chartScale(values, xKind, allYs(figure), area, figure.yRange);
  const lowest = yTicks[0] ?? 0;
  const tickOf = (value: string | number): string => ticks[values.indexOf(value)] ?? String(value);
  const summary = points.map(({ value, mean }) => `${tickOf(value)}: ${format(mean)}`).join(", ");
  return (
    <>
      <ChartFrame
        width={width}
        area={area}
        xTicks={values.map((value, i) => ({ at: x(value), label: ticks[i] ?? "" }))}
        yTicks={yTicks.map((tick) => ({ at: y(tick), label: format(tick) }))}
        xLabel={axisLabel}
        labelRows={labelRows(ticks, area.right - area.left)}
        description={`${measure} by ${axisLabel}. ${summary}`}
      >
        {references.map((reference) => (
          <line
            key={reference.label}
            className={styles.reference}
            style={{ stroke: `var(--series-${reference.colour})` }}
            x1={area.left}
            x2={area.right}
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
      </ChartFrame>
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
