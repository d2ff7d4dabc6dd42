import { metricLogOf } from "../metrics/metricArchive.ts";
import { compareRuns } from "./compareRuns.ts";
import styles from "./Overlay.module.css";
import type { ColouredRun } from "./overlayCurves.ts";
import { runFigures } from "./runFigures.ts";
import { RunSample } from "./RunSample.tsx";

interface CompareTableProps {
  readonly first: ColouredRun;
  readonly second: ColouredRun;
  /** Whether their metrics are there. */
  readonly isLoaded: boolean;
}

/** Two runs side by side: in what they differ, and what they came to. */
export function CompareTable({ first, second, isLoaded }: CompareTableProps) {
  const differences = compareRuns(first.run, second.run);
  return (
    <div className={styles.section} data-testid="compare">
      <h3>The two compared</h3>
      <div className={styles.scroll} tabIndex={0} role="region" aria-label="The two runs compared">
        <table>
          <thead>
            <tr>
              <th scope="col">Set-up</th>
              <RunHeader of={first} />
              <RunHeader of={second} />
              <td />
            </tr>
          </thead>
          <tbody>
            {differences.map((difference) => (
              <tr key={difference.label}>
                <th scope="row">{difference.label}</th>
                <td>{difference.first}</td>
                <td>{difference.second}</td>
                <td />
              </tr>
            ))}
          </tbody>
          <tbody>
            <tr className={styles.subhead}>
              <th scope="col">At the end</th>
              <td />
              <td />
              <th scope="col">Difference</th>
            </tr>
            {isLoaded
              ? runFigures.map(({ label, of, format, formatDifference }) => {
                  const a = of(first.run, metricLogOf(first.run.runId));
                  const b = of(second.run, metricLogOf(second.run.runId));
                  const show = (value: number | null): string => (value === null ? "–" : format(value));
                  return (
                    <tr key={label}>
                      <th scope="row">{label}</th>
                      <td>{show(a)}</td>
                      <td>{show(b)}</td>
                      <td>{a === null || b === null ? "–" : signed(b - a, formatDifference)}</td>
                    </tr>
                  );
                })
              : null}
          </tbody>
        </table>
      </div>
      <p className={styles.note}>
        {differences.length === 0
          ? "They differ in no setting, seed included. "
          : "Only what differs; everything else they share. "}
        {runFigures.map(({ meaning }) => meaning).join(" ")} One run of each says little: more seeds, grouped,
        tell a difference from chance.
      </p>
    </div>
  );
}

function RunHeader({ of: { slot, name, whole } }: { readonly of: ColouredRun }) {
  return (
    <th scope="col" title={whole}>
      <RunSample slot={slot} /> {name}
    </th>
  );
}

/** Of the second against the first, "+2.1 points". */
function signed(difference: number, format: (value: number) => string): string {
  const size = format(Math.abs(difference));
  if (size === format(0)) return size;
  return `${difference < 0 ? "−" : "+"}${size}`;
}
