import { settings, type Config, type ConfigPatch, type SettingName } from "../../contract/config.ts";
import { AppError, toWire } from "../../contract/errors.ts";
import type { EngineEvent, MemoryReport, RunEnd, RunState } from "../../contract/protocol.ts";
import type { StepReplay } from "../../contract/sight.ts";
import type { ViewSource } from "../../ml/augment/viewSource.ts";
import type { ImageStore } from "../../ml/data/imageStore.ts";
import type { EpochSampler } from "../../ml/data/sampler.ts";
import type { Execution } from "../../ml/compiled/compileMethod.ts";
import type { Judge } from "../../ml/training/judge.ts";
import type { PrecomputeTargets } from "../../ml/methods/precomputeTargets.ts";
import type { Method } from "../../ml/methods/method.ts";
import type { Progress } from "../../lib/slices.ts";
import * as tf from "../../ml/tfjs/tf.ts";
import { train, type StepSeen } from "../../ml/training/train.ts";
import { Measurements } from "./measurements.ts";
import { replayStep, type TeacherOfStep } from "./replayStep.ts";
import { drawStepPictures, PictureClock } from "./stepPictures.ts";
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
  private step = 0;
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
    this.config = setup.config;
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

  stop(): void {
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
    this.enter("ended");
    void this.receiveVisits();
    const { emit, memory, keepEmbeddings } = this.setup;
    emit({ type: "runEnded", runId: this.runId, end, memory: memory() });
    void keepEmbeddings(); // of a run that was stopped, too
  }

  private async run(): Promise<RunEnd> {
    const { emit, runId, keepEmbeddings, prepare, compile, judge, config, totalSteps, now } = this.setup;
    const cancelled = (): boolean => this.stopping;
    this.announce();
    await yieldToMessages(); // lets the answer to "startRun" go out first
    const precomputeTargets = await prepare(cancelled);
    judge.keepUntrained(this.method);
    const { method, ...execution } = await compile(this.method);
    this.method = method;
    emit({ type: "execution", runId, execution });

    const telemetry = new Telemetry((rows) => emit({ type: "metrics", runId, rows }));
    const report = (progress: Progress): void => emit({ type: "progress", ...progress });
    const measurements = new Measurements(report, cancelled);
    const steps = train({
      ...this.setup,
      method,
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
        emit({ type: "baseline", runId, baseline });
        emit({ type: "evaluation", runId, evaluation });
      });
      measurements.addForLater(judge.measureTeacher(), (baseline) => {
        if (baseline !== null) emit({ type: "baseline", runId, baseline });
        void keepEmbeddings();
      });
    };
    /** Of the student as it is now. One at a time: what is under way is ended first. */
    const measureStudent = async (isLast: boolean): Promise<void> => {
      await measurements.catchUp();
      if (cancelled()) return;
      measurements.add(judge.measureStudent(method, this.step, isLast), (evaluation) =>
        emit({ type: "evaluation", runId, evaluation }),
      );
      await measurements.slice(); // takes over its copy of the student
    };
    /** When the clock was started; pauses are taken off by moving it. */
    let startMs = now();
    try {
      for (;;) {
        if (this.isHalted()) {
          const haltMs = now();
          await telemetry.flush();
          if (telemetry.hasDiverged()) return diverged(telemetry.firstNonFiniteStep());
          this.enter("paused");
          measureStart();
          while (this.isHalted()) {
            if (this.visits.length > 0) await this.receiveVisits();
            else if (measurements.isEmpty) await new Promise<void>((resolve) => (this.wake = resolve));
            else {
              await measurements.slice();
              await yieldToMessages();
            }
          }
          startMs += now() - haltMs;
          continue;
        }
        if (this.stopping) {
          await telemetry.flush();
          return { kind: "stopped" };
        }
        if (this.allowance === Infinity) this.enter("running");
        const next = await steps.next();
        if (next.done === true) break;
        this.step = next.value.step;
        this.seen = next.value.seen;
        this.allowance--;
        this.showPictures(next.value.seen, pictureClock);
        await telemetry.add(next.value, now() - startMs);
        if (telemetry.hasDiverged()) return diverged(telemetry.firstNonFiniteStep());

        measureStart();
        const isLast = this.step === totalSteps;
        const isDue = config.evaluateEvery > 0 && this.step % config.evaluateEvery === 0;
        if (isLast || isDue) {
          await telemetry.flush();
          if (telemetry.hasDiverged()) return diverged(telemetry.firstNonFiniteStep());
          await measureStudent(isLast);
        } else {
          await measurements.slice();
        }
        await this.receiveVisits();
        await yieldToMessages();
      }
      await measurements.finish();
      return cancelled() ? { kind: "stopped" } : { kind: "finished" };
    } finally {
      await measurements.abandon();
      telemetry.dispose();
    }
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

function diverged(step: number): RunEnd {
  return {
    kind: "diverged",
    step,
    message: `The loss was no longer a finite number at step ${step}.`,
    hint: "Lower the learning rate (a tenth is a good try) or the distillation weight; for very small batches also use fewer BatchNorm groups.",
  };
}
