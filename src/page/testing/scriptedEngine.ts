import type { BackendReport } from "../../contract/backend.ts";
import type { Config, ConfigPatch } from "../../contract/config.ts";
import { AppError } from "../../contract/errors.ts";
import { metricColumns } from "../../contract/metrics.ts";
import type { Engine, EngineEvent, RequestName, Requests } from "../../contract/protocol.ts";
import type { StoreApi } from "zustand/vanilla";
import { followEngine } from "../commands/engineEvents.ts";
import { ablationStore } from "../stores/ablationStore.ts";
import { configStore } from "../stores/configStore.ts";
import { datasetStore } from "../stores/datasetStore.ts";
import { engineStore } from "../stores/engineStore.ts";
import { noticeStore } from "../stores/noticeStore.ts";
import { runHistory } from "../stores/runHistory.ts";
import { runStore } from "../stores/runStore.ts";
import { teacherStore } from "../stores/teacherStore.ts";

/** Answers as the engine does, but a run's "loss" is a formula and the test says when the run ends. */
export class ScriptedEngine implements Engine {
  readonly asked: string[] = [];
  readonly started: Config[] = [];
  readonly adjusted: ConfigPatch[] = [];
  current: { runId: string; config: Config } | null = null;
  private readonly listeners = new Set<(event: EngineEvent) => void>();

  async request<K extends RequestName>(name: K, input: Requests[K]["in"]): Promise<Requests[K]["out"]> {
    this.asked.push(name);
    return this.answer(name, input) as Requests[K]["out"];
  }

  private answer(name: RequestName, input: unknown): unknown {
    switch (name) {
      case "drawDemo":
        return { name: "demo", kind: "demo", count: 100 };
      case "inspectTeacher":
        return this.inspect(input as Requests["inspectTeacher"]["in"]);
      case "loadTeacher": {
        const source = input as Requests["loadTeacher"]["in"];
        if (source.kind === "bundled") return { name: "bundled", source: "bundled", embeddingDim: 128 };
        const name = source.files[0]!.name;
        if (name.startsWith("breaks")) throw new AppError("out-of-memory", `no room for ${name}`);
        return { name, source: "pytorch", embeddingDim: 128 };
      }
      case "startRun": {
        const { runId, config, paused } = input as Requests["startRun"]["in"];
        if (config.embeddingDim > 128)
          throw new AppError("config-invalid", `${config.embeddingDim} dimensions, the teacher has 128`);
        this.current = { runId, config };
        this.started.push(config);
        this.emit({ type: "runState", runId, state: paused ? "paused" : "running", step: 0 });
        return { runId, config, totalSteps: config.steps };
      }
      case "pauseRun":
        this.emit({ type: "runState", runId: this.runId(), state: "paused", step: 1 });
        return null;
      case "resumeRun":
        this.emit({ type: "runState", runId: this.runId(), state: "running", step: 1 });
        return null;
      case "stopRun":
        this.end({ kind: "stopped" });
        return null;
      case "stepRun":
        this.emit({ type: "runState", runId: this.runId(), state: "paused", step: 1 });
        return null;
      case "adjustRun":
        this.adjusted.push((input as Requests["adjustRun"]["in"]).patch);
        return null;
      default:
        throw new Error(`nobody here has business asking for ${name}`);
    }
  }

  /** Refuses files called "evil…"; those called "slow…" are inspected when the test says so. */
  private async inspect({ files }: Requests["inspectTeacher"]["in"]): Promise<unknown> {
    const name = files[0]!.name;
    if (name.startsWith("slow")) await new Promise<void>((resolve) => (this.finishSlowInspection = resolve));
    const refusal = name.startsWith("evil") ? { code: "file-refused", message: `${name} is refused` } : null;
    return { format: name, refusal };
  }
  finishSlowInspection: () => void = () => undefined;

  subscribe(listener: (event: EngineEvent) => void): () => void {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }

  emit(event: EngineEvent): void {
    for (const listener of this.listeners) listener(event);
  }

  runId(): string {
    if (this.current === null) throw new Error("no run");
    return this.current.runId;
  }

  /** Twenty steps whose distillation is 4 for ten steps and then `value`, then the end. */
  finish(value: number, knn: number | null): void {
    const runId = this.runId();
    const rows = Array.from({ length: 20 }, (_, i) =>
      metricColumns.map((name) => (name === "step" ? i + 1 : name === "distillation" && i >= 10 ? value : 4)),
    );
    this.emit({ type: "metrics", runId, rows: new Float32Array(rows.flat()) });
    this.emit({
      type: "baseline",
      runId,
      baseline: {
        teacherKnn: 0.9,
        teacherPrefixes: null,
        untrainedKnn: 0.2,
        chance: 0.1,
        queryImages: 20,
      } as Extract<EngineEvent, { type: "baseline" }>["baseline"],
    });
    this.emit({
      type: "evaluation",
      runId,
      evaluation: {
        step: 20,
        knn,
        cosine: null,
        spread: 1,
        overlap: null,
        effectiveRank: null,
        prefixes: null,
      },
    });
    this.end({ kind: "finished" });
  }

  end(end: Extract<EngineEvent, { type: "runEnded" }>["end"]): void {
    const runId = this.runId();
    this.current = null;
    this.emit({ type: "runEnded", runId, end, memory: { tensors: 0, tensorBytes: 0, imageBytes: 0 } });
  }
}

/** A page as it is just after opening, with a scripted engine that is ready. */
export function freshPage(): ScriptedEngine {
  const reset = <S>(store: StoreApi<S>): void => store.setState(store.getInitialState(), true);
  reset(ablationStore);
  reset(configStore);
  reset(datasetStore);
  reset(noticeStore);
  reset(runHistory);
  reset(runStore);
  reset(teacherStore);
  engineStore.setState({ status: "ready", report: {} as BackendReport, error: null });
  const engine = new ScriptedEngine();
  followEngine(engine);
  return engine;
}

/** Lets everything that waits on promises go on. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}
