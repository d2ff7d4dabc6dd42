import type { BackendReport } from "../../contract/backend.ts";
import type { Config } from "../../contract/config.ts";
import type { DatasetSummary } from "../../contract/dataset.ts";
import type { ErrorWire } from "../../contract/errors.ts";
import type { Evaluation, EvaluationBaseline, MetricName } from "../../contract/metrics.ts";
import type { Engine, MemoryReport, RunEnd, RunPlan } from "../../contract/protocol.ts";
import type { TeacherCard, TeacherInspection } from "../../contract/teacher.ts";
import { appVersion } from "../commands/exportRun.ts";
import { lastRow } from "../metrics/metricLog.ts";
import { metricLogOf } from "../metrics/metricArchive.ts";
import { datasetStore } from "../stores/datasetStore.ts";
import { engineStore } from "../stores/engineStore.ts";
import type { Notice } from "../stores/noticeStore.ts";
import { noticeStore } from "../stores/noticeStore.ts";
import { runStore } from "../stores/runStore.ts";
import { teacherStore } from "../stores/teacherStore.ts";
import { tableStore, type TableState } from "../stores/tableStore.ts";
import { webStore, type Transfer, type WebUse } from "../stores/webStore.ts";

/** What can be seen of the page from outside at one moment, as plain data. */
export interface PlaygroundSnapshot {
  readonly backend: BackendReport | null;
  readonly dataset: DatasetSummary | null;
  readonly teacher: TeacherCard | null;
  /** What the files hold that are offered as teacher, until they are used or put away. */
  readonly teacherOffer: TeacherInspection | null;
  /** Why they, or what was to be loaded last, are refused. */
  readonly teacherProblem: ErrorWire | null;
  readonly run: {
    readonly runId: string;
    /** "idle" before the first run; "starting" also while images or teacher are made ready. */
    readonly state: "idle" | "starting" | "running" | "paused" | "ended";
    /** As it was asked for, live changes included; the plan has it as it was fitted to the images. */
    readonly config: Config | null;
    /** Steps whose metrics have arrived. */
    readonly step: number;
    /** 0 before the plan is known. */
    readonly totalSteps: number;
    readonly plan: RunPlan | null;
    readonly end: RunEnd | null;
    readonly baseline: EvaluationBaseline | null;
    readonly evaluations: readonly Evaluation[];
    readonly last: Readonly<Record<MetricName, number>> | null;
  };
  /** How far downloads are. */
  readonly web: Readonly<Record<WebUse, Transfer>>;
  /** A table of images that is looked into or offered. */
  readonly table: TableState;
  /** How far reading images is; null when none are being read. */
  readonly reading: { readonly done: number; readonly total: number } | null;
  /** For how long the engine has not answered; 0 while it does. */
  readonly engineSilentMs: number;
  readonly notices: readonly Notice[];
}

/**
 * A handle for programs that drive the page in a browser (Playwright tests, `npm run train`): what they do, they
 * do with the page's own controls; here they look. It can read and nothing else.
 */
interface PlaygroundHandle {
  readonly version: string;
  snapshot(): PlaygroundSnapshot;
  memory(): Promise<MemoryReport>;
}

declare global {
  interface Window {
    readonly playground?: PlaygroundHandle;
  }
}

export function exposePlayground(engine: Engine): void {
  const handle: PlaygroundHandle = Object.freeze({
    version: appVersion,
    snapshot: () => structuredClone(currentSnapshot()),
    memory: () => engine.request("memory", null),
  });
  Object.defineProperty(window, "playground", { value: handle, configurable: false, writable: false });
}

function currentSnapshot(): PlaygroundSnapshot {
  const { runId, state, preparing, config, plan, end, baseline, evaluations } = runStore.getState();
  const last = runId === "" ? null : lastRow(metricLogOf(runId));
  const { summary, ingestion } = datasetStore.getState();
  const { card, error, offer } = teacherStore.getState();
  const inspection = offer?.inspection ?? null;
  return {
    backend: engineStore.getState().report,
    dataset: summary,
    teacher: card,
    teacherOffer: inspection,
    teacherProblem: error ?? inspection?.refusal ?? null,
    run: {
      runId,
      state: preparing === "" ? state : "starting",
      config,
      step: last?.step ?? 0,
      totalSteps: plan?.totalSteps ?? 0,
      plan,
      end,
      baseline,
      evaluations,
      last,
    },
    web: webStore.getState().transfers,
    table: tableStore.getState().table,
    reading: ingestion === null ? null : { done: ingestion.done, total: ingestion.total },
    engineSilentMs: engineStore.getState().silentMs,
    notices: noticeStore.getState().notices,
  };
}
