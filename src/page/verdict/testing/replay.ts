import { defaultConfig, type Config } from "../../../contract/config.ts";
import { metricColumns, type Evaluation, type EvaluationBaseline } from "../../../contract/metrics.ts";
import type { RunEnd, RunPlan } from "../../../contract/protocol.ts";
import { createMetricLog } from "../../metrics/metricLog.ts";
import { judgeRun, type Verdict, type VerdictKind } from "../verdict.ts";
import type { Recording } from "./recording.ts";

/** A verdict as the page would have shown it after one more thing was told. */
interface JudgedMoment {
  readonly step: number;
  readonly verdict: Verdict;
}

export interface Replay {
  readonly recording: Recording;
  readonly moments: readonly JudgedMoment[];
  /** The verdict when a fifth of the steps were taken. */
  readonly early: VerdictKind;
  readonly isEarlyRight: boolean;
  readonly late: VerdictKind;
  readonly isLateRight: boolean;
  /** The step from which on the verdict was right as long as the run went; null when it was wrong to the last. */
  readonly rightFromStep: number | null;
  readonly alarms: number;
}

/** Shows `judgeRun` a recording as it came, a row or a measurement at a time. */
export function replay(recording: Recording): Replay {
  const { early, late, healthy, end } = recording;
  const config: Config = { ...defaultConfig, ...recording.config };
  const plan: RunPlan | null = recording.plan === null ? null : { ...recording.plan, config };
  const log = createMetricLog();
  const evaluations: Evaluation[] = [];
  let baseline: EvaluationBaseline | null = null;
  let step = 0;
  const judge = (end: RunEnd | null): JudgedMoment => ({
    step,
    verdict: judgeRun({ config, plan, end, log, evaluations, baseline }),
  });
  const going: JudgedMoment[] = [];
  for (const moment of recording.moments) {
    if (moment.evaluation !== undefined) evaluations.push(moment.evaluation);
    if (moment.baseline !== undefined) ({ baseline } = moment);
    if (moment.row !== undefined) {
      const row = new Float32Array(metricColumns.length);
      row.set(moment.row.map((value) => value ?? NaN));
      log.append(row);
      step = row[0]!;
    }
    going.push(judge(null));
  }
  const last = judge(end);
  const moments = [...going, last];
  const fifth = (plan?.totalSteps ?? 0) / 5;
  const atFifth = moments.findLast((moment) => moment.step <= fifth) ?? last;
  const lastWrong = going.findLastIndex(({ verdict }) => !early.includes(verdict.kind));
  return {
    recording,
    moments,
    early: atFifth.verdict.kind,
    isEarlyRight: early.includes(atFifth.verdict.kind),
    late: last.verdict.kind,
    isLateRight: late.includes(last.verdict.kind),
    rightFromStep: going.length === 0 ? 0 : (going[lastWrong + 1]?.step ?? null),
    alarms: healthy
      ? moments.filter(({ verdict: { tone } }) => tone === "warning" || tone === "bad").length
      : 0,
  };
}

/** Shares of a group of runs that are the measure of the rules. */
export interface ReplayScore {
  readonly runs: number;
  readonly earlyRight: number;
  readonly lateRight: number;
  readonly healthyMoments: number;
  readonly alarms: number;
}

export function scoreOf(replays: readonly Replay[]): ReplayScore {
  const healthy = replays.filter(({ recording }) => recording.healthy);
  const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
  return {
    runs: replays.length,
    earlyRight: replays.filter(({ isEarlyRight }) => isEarlyRight).length,
    lateRight: replays.filter(({ isLateRight }) => isLateRight).length,
    healthyMoments: sum(healthy.map(({ moments }) => moments.length)),
    alarms: sum(healthy.map(({ alarms }) => alarms)),
  };
}
