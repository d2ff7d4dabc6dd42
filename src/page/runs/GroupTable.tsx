import { settings, type SettingName } from "../../contract/config.ts";
import { metricLogOf } from "../metrics/metricArchive.ts";
import type { RunRecord } from "../stores/runHistory.ts";
import { bootstrapInterval } from "../trials/bootstrapInterval.ts";
import { groupRuns } from "./groupRuns.ts";
import styles from "./Overlay.module.css";
import { runFigures, type RunFigure } from "./runFigures.ts";
import { tellApart } from "./tellApart.ts";
import { useMetricLogs } from "./useMetricLogs.ts";

interface GroupTableProps {
  readonly runs: readonly RunRecord[];
  readonly setting: SettingName;
  /** "Of the 4 chosen runs" */
  readonly of: string;
}

/** What groups of runs came to: the mean of each, how sure it is, and which runs are not to be compared. */
export function GroupTable({ runs, setting, of }: GroupTableProps) {
  useMetricLogs(runs);
  const { groups, unlike } = groupRuns(runs, setting);
  const names = tellApart(runs);
  const { label } = settings[setting];
  return (
    <section className={styles.section} aria-labelledby="groups-title" data-testid="groups">
      <h3 id="groups-title">By {label}</h3>
      <div
        className={`${styles.scroll} ${styles.numbers}`}
        tabIndex={0}
        role="region"
        aria-label={`Table of groups by ${label}`}
      >
        <table>
          <thead>
            <tr>
              <th scope="col">{label}</th>
              <th scope="col">n</th>
              {runFigures.map((figure) => (
                <th key={figure.label} scope="col">
                  {figure.label}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {groups.map((group) => (
              <tr key={group.label}>
                <th scope="row">{group.label}</th>
                <td>{group.runs.length}</td>
                {runFigures.map((figure) => (
                  <td key={figure.label}>{describeMean(figure, group.runs)}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p className={styles.note}>
        {of}. The mean, and by bootstrap over the group’s n runs its 95 % interval, which a single run has
        not. Within and between groups nothing differs but this setting and the seed.{" "}
        {runFigures.map(({ meaning }) => meaning).join(" ")}
      </p>
      {unlike.length === 0 ? null : (
        <>
          <p className={styles.note}>
            {unlike.length === 1
              ? "1 run differs in more and is"
              : `${unlike.length} runs differ in more and are`}{" "}
            in no group:
          </p>
          <ul className={styles.unlike}>
            {unlike.map(({ run, differsIn }) => (
              <li key={run.runId}>
                {names[runs.indexOf(run)]?.name}: {differsIn.map(({ phrase }) => phrase).join(", ")}
              </li>
            ))}
          </ul>
        </>
      )}
    </section>
  );
}

/** "85.0 % (82.9 % to 87.1 %)"; of fewer runs than the group has, with their number. */
function describeMean({ of, format }: RunFigure, runs: readonly RunRecord[]): string {
  const values = runs.flatMap((run) => of(run, metricLogOf(run.runId)) ?? []);
  const n = values.length;
  if (n === 0) return "–";
  const mean = format(values.reduce((sum, value) => sum + value, 0) / n);
  const interval = bootstrapInterval(values);
  const fewer = n < runs.length ? `, n = ${n}` : "";
  return interval === null
    ? `${mean}${fewer}`
    : `${mean} (${format(interval.low)} to ${format(interval.high)}${fewer})`;
}
