import { settings, type Config, type ConfigPatch, type SettingName } from "../../contract/config.ts";
import { AppError, toWire } from "../../contract/errors.ts";
import type { Evaluation, EvaluationBaseline, MetricRows } from "../../contract/metrics.ts";
import type { RunCheckpoint } from "../../formats/runCheckpoint.ts";
import type { EngineEvent, MemoryReport, RunEnd, RunState } from "../../contract/protocol.ts";
import type { StepReplay } from "../../contract/sight.ts";
import type { ViewSource } from "../../ml/augment/viewSource.ts";
import type { ImageStore } from "../../ml/data/imageStore.ts";
import type { EpochSampler } from "../../ml/data/sampler.ts";
import type { Execution } from "../../ml/compiled/compileMethod.ts";
import type { Projection } from "../../ml/teachers/projectedTeacher.ts";
import { restoreMethodState } from "../../ml/methods/methodState.ts";
import type { TrainingStreams } from "../../ml/training/trainingStreams.ts";
import type { Judge } from "../../ml/training/judge.ts";
import type { PrecomputeTargets } from "../../ml/methods/precomputeTargets.ts";
import type { Method } from "../../ml/methods/method.ts";
import type { Progress } from "../../lib/slices.ts";
import * as tf from "../../ml/tfjs/tf.ts";
import { train, type StepSeen } from "../../ml/training/train.ts";
import { Measurements } from "./measurements.ts";
import { replayStep, type TeacherOfStep } from "./replayStep.ts";
import { drawStepPictures, PictureClock } from "./stepPictures.ts";
import { captureRun, methodTensorsOf, type RunOrigin } from "./captureRun.ts";
import { DivergenceWatch } from "./divergence.ts";
import type { RunKeeper } from "./runKeeper.ts";
import { RunLedger } from "./runLedger.ts";
import { Telemetry } from "./telemetry.ts";
import { yieldToMessages } from "../../lib/yieldToMessages.ts";

export interface TrainingRunSetup {
  readonly runId: string;
  readonly config: Config;
  readonly totalSteps: number;
  readonly method: Method;
  /**
   * What the method needs before its first step; called off when the run is stopped.
   *
   * @returns how the targets of each step are precomputed, where a step does not compute them itself.
   */
  readonly prepare: (cancelled: () => boolean) => Promise<PrecomputeTargets | undefined>;
  /** Makes the prepared method as fast as it can be here. */
  readonly compile: (method: Method) => Promise<Execution>;
  readonly source: ViewSource;
  readonly sampler: EpochSampler;
  readonly streams: TrainingStreams;
  /** Where the run goes on; null when it begins. Sampler and streams are there already. */
  readonly from: RunCheckpoint | null;
  readonly origin: RunOrigin;
  /** What the teacher's embedding is seen through; null without. */
  readonly projection: Projection | null;
  /** Null where nothing is kept. */
  readonly keeper: RunKeeper | null;
  readonly judge: Judge;
  readonly images: ImageStore;
  /** Null without a teacher. */
  readonly teacherOfStep: TeacherOfStep | null;
  /** Puts the teacher's embeddings where later visits find them. */
  readonly keepEmbeddings: () => Promise<void>;
  readonly emit: (event: EngineEvent) => void;
  readonly memory: () => MemoryReport;
  readonly now: () => number;
}

/**
 * One run from start to end: starting → running ⇄ paused → ended. Pulls steps from the training loop while it
 * may, has the student measured between them, and tells how it goes. Owns the method and the judge.
 */
export class TrainingRun {
  readonly runId: string;
  /** Until the run begins the method as it was created, then the form of it that takes the steps. */
  method: Method;
  /** Resolves when the run has ended and said so; never rejects. */
  readonly ended: Promise<void>;
  private config: Config;
  private state: RunState = "starting";
  private step: number;
  private readonly ledger: RunLedger;
  private readonly watch = new DivergenceWatch();
  /** The step of the last checkpoint, and whether one is asked for now. */
  private keptStep: number;
  private isKeepAsked = false;
  private isSpoilt = false;
  /** What the last step saw; null before the first. */
  private seen: StepSeen | null = null;
  /** Steps that may still be taken before pausing. */
  private allowance: number;
  private stopping = false;
  private wake: () => void = () => undefined;
  /** What is to be done when no step is under way. */
  private readonly visits: (() => Promise<void>)[] = [];

  constructor(
    private readonly setup: TrainingRunSetup,
    startPaused: boolean,
  ) {
    this.runId = setup.runId;
    this.method = setup.method;
    this.config = setup.from?.facts.live ?? setup.config;
    this.step = this.keptStep = setup.from?.facts.step ?? 0;
    this.ledger = new RunLedger(setup.from && { ...setup.from.facts, metrics: setup.from.metrics });
    this.allowance = startPaused ? 0 : Infinity;
    this.ended = this.runToEnd();
  }

  get imageSize(): number {
    return this.config.imageSize;
  }

  /** With what was changed on the way. */
  get settings(): Config {
    return this.config;
  }

  get isOver(): boolean {
    return this.state === "ended";
  }

  pause(): void {
    this.allowance = 0;
  }

  resume(): void {
    this.allowance = Infinity;
    this.wake();
  }

  /** One step, then paused (again). */
  stepOnce(): void {
    this.allowance = 1;
    this.wake();
  }

  /** Has a checkpoint taken as soon as no step is under way. */
  keepNow(): void {
    this.isKeepAsked = true;
    this.wake();
  }

  stop(): void {
    this.stopping = true;
    this.wake();
  }

  /** Ends it without another look at its tensors, which are not to be trusted: the checkpoint before stays. */
  abandon(): void {
    this.isSpoilt = true;
    this.stopping = true;
    this.wake();
  }

  /** @throws AppError "config-invalid" when a setting cannot change during a run. */
  adjust(patch: ConfigPatch): void {
    const fixed = Object.keys(patch).filter((name) => !("live" in settings[name as SettingName]));
    if (fixed.length > 0) {
      throw new AppError("config-invalid", `${fixed.join(", ")} cannot change during a run`, {
        hint: "Stop the run, change it, and start again.",
      });
    }
    this.config = { ...this.config, ...patch };
    this.watch.beginAgain();
  }

  /** Does something that uses the run's networks, between two steps, or at once when the run is over. */
  visit<T>(job: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.visits.push(() => job().then(resolve, reject));
      if (this.isOver) void this.receiveVisits();
      else this.wake();
    });
  }

  /**
   * Backbone features of a picture by the student as it was when it was measured last; null before that.
   *
   * @param pixels [imageSize, imageSize, 3] in [0, 1]
   */
  featuresOf(pixels: Float32Array): Promise<Float32Array | null> {
    return this.visit(async () => {
      const size = this.imageSize;
      const view = tf.tensor4d(pixels, [1, size, size, 3]);
      try {
        return await this.setup.judge.featuresOf(view);
      } finally {
        view.dispose();
      }
    });
  }

  /** @throws AppError "busy" while steps are being taken, "not-found" before the first. */
  async replayStep(): Promise<StepReplay> {
    if (this.state !== "paused") {
      throw new AppError("busy", "A step can be taken apart while the run is paused", {
        hint: "Pause the run first.",
      });
    }
    return this.visit(async () => {
      const { seen, step } = this;
      if (seen === null) throw new AppError("not-found", "No step has been taken yet");
      const { method, images, source, teacherOfStep: teacher } = this.setup;
      // Asked for it, a compiled method brings the one it was made of up to date, mean student and queue too.
      const { trainer } = this.method;
      const { meanStudent = null, queue = null } = method;
      const pictures = drawStepPictures(images, this.imageSize, step, seen);
      return replayStep({ trainer, meanStudent, queue, source, seen, pictures, teacher });
    });
  }

  /**
   * As it stands between two steps, for going on elsewhere.
   *
   * @throws AppError "busy" while steps are being taken, "not-found" before the first or without a finite student.
   */
  async capture(): Promise<RunCheckpoint> {
    if (this.state !== "paused" && this.state !== "ended") {
      throw new AppError("busy", "A run can be taken along while it is paused, or when it is over", {
        hint: "Pause the run first.",
      });
    }
    return this.visit(async () => {
      const { ledger, step, config: live, method: stepping, setup } = this;
      if (step === 0) throw new AppError("not-found", "No step has been taken yet");
      const elapsedMs = ledger.metrics().at(-1) ?? 0; // the last of the metrics' columns
      const checkpoint = await captureRun({ ...setup, stepping, ledger, live, step, elapsedMs });
      if (checkpoint === null) throw new AppError("not-found", "The run's student is not finite any more");
      return checkpoint;
    });
  }

  dispose(): void {
    this.method.dispose();
    this.setup.judge.dispose();
  }

  private async runToEnd(): Promise<void> {
    let end: RunEnd;
    try {
      end = await this.run();
    } catch (error) {
      end = { kind: "failed", error: toWire(error) };
    }
    const { emit, memory, keepEmbeddings, keeper } = this.setup;
    if (end.kind !== "failed" && !this.isSpoilt) await keeper?.end(this.runId, this.ledger.metrics());
    keeper?.release();
    this.enter("ended");
    void this.receiveVisits();
    emit({ type: "runEnded", runId: this.runId, end, memory: memory() });
    void keepEmbeddings(); // of a run that was stopped, too
  }

  private async run(): Promise<RunEnd> {
    const { emit, runId, keepEmbeddings, prepare, compile, judge, config, totalSteps, now, from } =
      this.setup;
    const { ledger, watch } = this;
    const cancelled = (): boolean => this.stopping;
    this.announce();
    await yieldToMessages(); // lets the answer to "startRun" go out first
    const precomputeTargets = await prepare(cancelled);
    judge.keepUntrained(this.method);
    if (from !== null)
      restoreMethodState(this.method, { tensors: methodTensorsOf(from), counts: from.facts.counts });
    const { method, ...execution } = await compile(this.method);
    this.method = method;
    emit({ type: "execution", runId, execution });

    const elapsedBefore = from?.facts.elapsedMs ?? 0;
    const tellMetrics = (rows: MetricRows): void => {
      ledger.addRows(rows);
      emit({ type: "metrics", runId, rows });
    };
    const tellBaseline = (baseline: EvaluationBaseline): void => {
      ledger.setBaseline(baseline);
      emit({ type: "baseline", runId, baseline });
    };
    const tellEvaluation = (evaluation: Evaluation): void => {
      ledger.addEvaluation(evaluation);
      emit({ type: "evaluation", runId, evaluation });
    };
    const telemetry = new Telemetry(tellMetrics, watch, elapsedBefore);
    const report = (progress: Progress): void => emit({ type: "progress", ...progress });
    const measurements = new Measurements(report, cancelled);
    const steps = train({
      ...this.setup,
      method,
      stepsTaken: this.step,
      live: () => this.config,
      ...(precomputeTargets === undefined ? {} : { precomputeTargets }),
    });
    const pictureClock = new PictureClock(now);
    let isStartMeasured = false;
    /** The fixed lines come after the first losses: the visitor waits for those. */
    const measureStart = (): void => {
      if (isStartMeasured) return;
      isStartMeasured = true;
      measurements.add(judge.measureUntrained(), ({ baseline, evaluation }) => {
        tellBaseline(baseline);
        tellEvaluation(evaluation);
      });
      const tellTeacher = (baseline: EvaluationBaseline | null): void => {
        if (baseline !== null) tellBaseline(baseline);
        void keepEmbeddings();
      };
      // A run that goes on had its teacher measured, so what comes next may be compared with it.
      if (from === null) measurements.addForLater(judge.measureTeacher(), tellTeacher);
      else measurements.add(judge.measureTeacher(), tellTeacher);
    };
    /** A checkpoint waits for it: a run that goes on measures the untrained student again, but not this one. */
    let isStudentMeasured = true;
    /** Of the student as it is now. One at a time: what is under way is ended first. */
    const measureStudent = async (isLast: boolean): Promise<void> => {
      await measurements.catchUp();
      if (cancelled()) return;
      isStudentMeasured = false;
      measurements.add(judge.measureStudent(method, this.step, isLast), (evaluation) => {
        tellEvaluation(evaluation);
        isStudentMeasured = true;
      });
      await measurements.slice(); // takes over its copy of the student
    };
    const isMeasured = (step: number): boolean =>
      step === totalSteps || (config.evaluateEvery > 0 && step % config.evaluateEvery === 0);
    /** When the clock was started; pauses are taken off by moving it. */
    let startMs = now() - elapsedBefore;
    /** @returns how the run ends, where the checkpoint shows that it has to. */
    const keep = async (elapsedMs = now() - startMs): Promise<RunEnd | null> => {
      await telemetry.flush();
      return watch.end() ?? (await this.keep(elapsedMs));
    };
    try {
      const isMissing = ledger.evaluations.every(({ step }) => step !== this.step);
      if (from !== null && isMeasured(this.step) && isMissing) {
        measureStart();
        await measureStudent(this.step === totalSteps);
      }
      for (;;) {
        if (this.isHalted()) {
          const haltMs = now();
          await telemetry.flush();
          const gone = watch.end();
          if (gone !== null) return gone;
          this.enter("paused");
          measureStart();
          while (this.isHalted()) {
            if (this.visits.length > 0) await this.receiveVisits();
            else if (this.mayKeep(measurements.isEmpty)) {
              const end = await keep(haltMs - startMs);
              if (end !== null) return end;
            } else if (measurements.isEmpty) await new Promise<void>((resolve) => (this.wake = resolve));
            else {
              await measurements.slice();
              await yieldToMessages();
            }
          }
          startMs += now() - haltMs;
          continue;
        }
        if (this.stopping) return (await keep()) ?? { kind: "stopped" };
        if (this.allowance === Infinity) this.enter("running");
        const next = await steps.next();
        if (next.done === true) break;
        this.step = next.value.step;
        this.seen = next.value.seen;
        this.allowance--;
        this.showPictures(next.value.seen, pictureClock);
        await telemetry.add(next.value, now() - startMs);
        const gone = watch.end();
        if (gone !== null) return gone;

        measureStart();
        if (isMeasured(this.step)) {
          await telemetry.flush();
          const seen = watch.end();
          if (seen !== null) return seen;
          await measureStudent(this.step === totalSteps);
        } else {
          await measurements.slice();
        }
        if (this.isKeepAsked || this.setup.keeper?.clock.isDue(!isStudentMeasured) === true) {
          const end = await keep();
          if (end !== null) return end;
        }
        await this.receiveVisits();
        await yieldToMessages();
      }
      await measurements.finish();
      const end = await keep();
      if (end !== null) return end;
      return cancelled() ? { kind: "stopped" } : { kind: "finished" };
    } finally {
      await measurements.abandon();
      telemetry.dispose();
    }
  }

  /** While the run is paused: what has become known since, once nothing more is being measured. */
  private mayKeep(isAllMeasured: boolean): boolean {
    if (this.setup.keeper === null || this.isSpoilt || this.step === 0) return false;
    return this.isKeepAsked || this.keptStep !== this.step || (isAllMeasured && this.ledger.isChanged);
  }

  /** @returns how the run ends, where its student is not finite any more: the checkpoint before stays then. */
  private async keep(elapsedMs: number): Promise<RunEnd | null> {
    const { keeper, now } = this.setup;
    this.isKeepAsked = false;
    if (keeper === null || this.isSpoilt || this.step === 0) return null;
    if (this.step === this.keptStep && !this.ledger.isChanged) return null;
    const startMs = now();
    const { ledger, step, config: live, method: stepping } = this;
    const checkpoint = await captureRun({ ...this.setup, stepping, ledger, live, step, elapsedMs });
    if (checkpoint === null) {
      this.watch.loseStudent(step);
      return this.watch.end();
    }
    ledger.isChanged = false;
    await keeper.save(checkpoint);
    this.keptStep = step;
    keeper.clock.taken(startMs);
    await keeper.saveInputs();
    return null;
  }

  private showPictures(seen: StepSeen, clock: PictureClock): void {
    if (!clock.isDue(this.step)) return;
    const { emit, images, now } = this.setup;
    const startMs = now();
    const pictures = drawStepPictures(images, this.imageSize, this.step, seen);
    emit({ type: "pictures", runId: this.runId, pictures });
    clock.drawn(startMs);
  }

  private async receiveVisits(): Promise<void> {
    for (let visit = this.visits.shift(); visit !== undefined; visit = this.visits.shift()) await visit();
  }

  private isHalted(): boolean {
    return this.allowance <= 0 && !this.stopping;
  }

  private enter(state: RunState): void {
    if (state === this.state && state !== "paused") return;
    this.state = state;
    this.announce();
  }

  private announce(): void {
    this.setup.emit({ type: "runState", runId: this.runId, state: this.state, step: this.step });
  }
}
