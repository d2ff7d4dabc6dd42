import { metricColumns, type MetricRows } from "../../contract/metrics.ts";
import { stepScalars } from "../../ml/methods/method.ts";
import type { StepReport } from "../../ml/training/train.ts";
import * as tf from "../../ml/tfjs/tf.ts";
import type { DivergenceWatch } from "./divergence.ts";

interface PendingStep {
  readonly report: StepReport;
  readonly elapsedMs: number;
}

/** Steps between two reads at the least, so that no step waits for the GPU. */
const fewestSteps = 2;
const mostSteps = 64;

/**
 * Collects the scalars of finished steps on the device and reads them back a batch of steps at a time, about ten
 * times a second, one read behind: while a read is on its way the next steps are already being queued. That also
 * bounds how far the host may run ahead of the device.
 */
export class Telemetry {
  private pending: PendingStep[] = [];
  private reading: Promise<void> = Promise.resolve();
  private stepsPerRead = 1; // the first is waited for

  /**
   * @param watch shown every step's scalars.
   * @param lastReadMs training time so far, of a run that goes on.
   */
  constructor(
    private readonly emit: (rows: MetricRows) => void,
    private readonly watch: DivergenceWatch,
    private lastReadMs = 0,
    private readonly readIntervalMs = 100,
  ) {}

  /** @param elapsedMs training time at the end of the step, pauses excluded. */
  async add(report: StepReport, elapsedMs: number): Promise<void> {
    this.pending.push({ report, elapsedMs });
    if (this.pending.length < this.stepsPerRead) return;
    await this.reading; // the previous read: bounds the run-ahead
    this.startReading();
  }

  /** Reads everything there is; a sync point. */
  async flush(): Promise<void> {
    await this.reading;
    if (this.pending.length > 0) this.startReading();
    await this.reading;
  }

  /** Forgets what was not read. */
  dispose(): void {
    for (const { report } of this.pending) report.scalars.dispose();
    this.pending = [];
  }

  private startReading(): void {
    const steps = this.pending;
    this.pending = [];
    const packed = tf.tidy(() => tf.stack(steps.map((step) => step.report.scalars)));
    for (const { report } of steps) report.scalars.dispose();
    this.reading = packed.data<"float32">().then((values) => {
      packed.dispose();
      this.deliver(steps, values);
    });
  }

  private deliver(steps: readonly PendingStep[], values: Float32Array): void {
    const last = steps[steps.length - 1] as PendingStep;
    const spanMs = Math.max(0.001, last.elapsedMs - this.lastReadMs);
    const images = steps.reduce((sum, step) => sum + step.report.images, 0);
    const imagesPerSecond = (1000 * images) / spanMs;
    this.lastReadMs = last.elapsedMs;
    const wanted = Math.round((this.readIntervalMs / spanMs) * steps.length);
    this.stepsPerRead = Math.min(mostSteps, Math.max(fewestSteps, wanted));

    const rows = new Float32Array(steps.length * metricColumns.length);
    steps.forEach(({ report, elapsedMs }, i) => {
      const scalars = values.subarray(i * stepScalars.length, (i + 1) * stepScalars.length);
      this.watch.look(report.step, scalars);
      rows.set(
        [report.step, ...scalars, report.learningRate, imagesPerSecond, elapsedMs],
        i * metricColumns.length,
      );
    });
    this.emit(rows);
  }
}
