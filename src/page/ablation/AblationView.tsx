import { useState } from "react";
import { useStore } from "zustand";
import { settings } from "../../contract/config.ts";
import {
  ablationCsv,
  continueAblation,
  pauseAblation,
  referencesOf,
  resumeAblation,
  startAblation,
  stopAblation,
  summarise,
} from "../commands/ablation.ts";
import { parseNumberList } from "../commands/numberList.ts";
import { saveFile } from "../widgets/saveFile.ts";
import { useEngine } from "../engine/EngineContext.tsx";
import { DimensionChart } from "./DimensionChart.tsx";
import type { ChartReference } from "../plots/chartData.ts";
import { presets, type AblationAxis, type AblationDesign } from "../../contract/presets.ts";
import { ablationStore } from "../stores/ablationStore.ts";
import { hasTeacher, runIsBusy, runStore } from "../stores/runStore.ts";
import styles from "./AblationView.module.css";
import { formatShare } from "../widgets/formatNumbers.ts";
import { Icon } from "../widgets/Icon.tsx";

/** What can be varied, and values to begin with. */
const axes: Readonly<Record<AblationAxis, string>> = {
  hiddenWidth: presets.bottleneck.design.values.join(", "),
  embeddingDim: "16, 32, 64, 128",
};

/** One thing varied, everything else held: how the head's dimension changes the result. */
export function AblationView() {
  const { design, status, jobs } = useStore(ablationStore);
  const over = jobs.filter((job) => job.state === "done" || job.state === "failed").length;
  return (
    <section className={`card ${styles.view}`} aria-labelledby="ablation-title">
      <h2 id="ablation-title">How wide must the head be?</h2>
      <p className={styles.brief} role="status">
        {jobs.length === 0 ? "Nothing has been run yet." : `${over} of ${jobs.length} runs, ${status}`}
      </p>
      <p className={styles.lead}>
        The paper&rsquo;s question in small: a student whose head is too narrow cannot take in the
        teacher&rsquo;s embedding (the Distilling BottleNeck, arXiv 2104.09124). Every width is trained with
        every seed, one run after another, on the same split of the same pictures; everything else is as set
        up under Train.
      </p>
      <DesignForm key={JSON.stringify(design)} design={design} />
      {jobs.length === 0 ? null : (
        <>
          <Figures />
          <JobTable />
        </>
      )}
    </section>
  );
}

function DesignForm({ design }: { readonly design: AblationDesign }) {
  const engine = useEngine();
  const { status, jobs } = useStore(ablationStore);
  const busy = useStore(runStore, (run) => runIsBusy(run));
  const [axis, setAxis] = useState(design.axis);
  const [valuesText, setValuesText] = useState(design.values.join(", "));
  const [seedsText, setSeedsText] = useState(design.seeds.join(", "));
  const [stepsText, setStepsText] = useState(String(design.steps));

  const going = status === "running" || status === "paused";
  const values = parseNumberList(valuesText, axis);
  const seeds = parseNumberList(seedsText, "seed");
  const steps = parseNumberList(stepsText, "steps");
  const problem =
    "problem" in values
      ? `Values: ${values.problem}`
      : "problem" in seeds
        ? `Seeds: ${seeds.problem}`
        : "problem" in steps || steps.values[0] === 0 || steps.values.length !== 1
          ? "Steps: give one number, at least 1"
          : null;
  const unfinished = status === "stopped" && jobs.some((job) => job.state === "queued");

  const start = (): void => {
    if ("problem" in values || "problem" in seeds || "problem" in steps) return;
    ablationStore.setState({
      design: { axis, values: values.values, seeds: seeds.values, steps: steps.values[0] ?? 1 },
    });
    void startAblation(engine);
  };

  return (
    <>
      <div className={styles.form}>
        <label className={styles.field}>
          Vary
          <select
            data-testid="ablation-axis"
            value={axis}
            disabled={going}
            onChange={(event) => {
              const chosen = event.target.value as AblationAxis;
              setAxis(chosen);
              setValuesText(axes[chosen]);
            }}
          >
            {Object.keys(axes).map((name) => (
              <option key={name} value={name}>
                {settings[name as AblationAxis].label}
              </option>
            ))}
          </select>
        </label>
        <NumbersField
          label="Values"
          className={styles.list}
          testId="ablation-values"
          text={valuesText}
          onChange={setValuesText}
          isWrong={"problem" in values}
          disabled={going}
        />
        <NumbersField
          label="Seeds"
          className={styles.short}
          testId="ablation-seeds"
          text={seedsText}
          onChange={setSeedsText}
          isWrong={"problem" in seeds}
          disabled={going}
        />
        <NumbersField
          label="Steps per run"
          className={styles.short}
          testId="ablation-steps"
          text={stepsText}
          onChange={setStepsText}
          isWrong={"problem" in steps}
          disabled={going}
        />
        <div className={styles.buttons}>
          <button
            type="button"
            data-testid="ablation-start"
            disabled={busy || going || problem !== null}
            onClick={start}
          >
            <Icon name="play" />
            {"values" in values && "values" in seeds
              ? `Start ${values.values.length * seeds.values.length} runs`
              : "Start"}
          </button>
          {unfinished ? (
            <button
              type="button"
              data-testid="ablation-continue"
              disabled={busy}
              onClick={() => void continueAblation(engine)}
            >
              Continue
            </button>
          ) : null}
          <button
            type="button"
            data-testid="ablation-pause"
            aria-pressed={status === "paused"}
            disabled={!going}
            onClick={() => void (status === "paused" ? resumeAblation(engine) : pauseAblation(engine))}
          >
            <Icon name="pause" />
            {status === "paused" ? "Resume" : "Pause"}
          </button>
          <button
            type="button"
            data-testid="ablation-stop"
            disabled={!going}
            onClick={() => void stopAblation(engine)}
          >
            <Icon name="stop" />
            Stop
          </button>
        </div>
      </div>
      {problem === null ? null : (
        <p className={styles.problem} role="status">
          {problem}
        </p>
      )}
      <p className="visually-hidden" data-testid="ablation-status" data-status={status}>
        {status}
      </p>
    </>
  );
}

interface NumbersFieldProps {
  readonly label: string;
  readonly className: string | undefined;
  readonly testId: string;
  readonly text: string;
  readonly onChange: (text: string) => void;
  readonly isWrong: boolean;
  readonly disabled: boolean;
}

function NumbersField({ label, className, testId, text, onChange, isWrong, disabled }: NumbersFieldProps) {
  return (
    <label className={styles.field}>
      {label}
      <input
        type="text"
        inputMode="numeric"
        className={className}
        data-testid={testId}
        value={text}
        disabled={disabled}
        aria-invalid={isWrong}
        onChange={(event) => onChange(event.target.value)}
      />
    </label>
  );
}

function Figures() {
  const { design, config, jobs } = useStore(ablationStore);
  const references = referencesOf(jobs);
  const values = [...new Set(jobs.map((job) => job.value))];
  const axisLabel = `${settings[design.axis].label} (log₂)`;
  const knn = summarise(jobs, "knn");
  const distillation = summarise(jobs, "distillation");
  const lines = [
    { label: "Teacher", colour: "orange", y: references.teacherKnn },
    { label: "Untrained", colour: "ink", y: references.untrainedKnn },
  ] as const;
  const knnLines = lines.flatMap(({ y, ...line }): ChartReference[] => (y === null ? [] : [{ ...line, y }]));
  return (
    <div className={styles.figures} data-testid="ablation-chart">
      <figure className={styles.figure}>
        <figcaption>kNN accuracy at the end</figcaption>
        <DimensionChart
          title="kNN accuracy"
          axisLabel={axisLabel}
          values={values}
          points={knn}
          references={knnLines}
          format={(y) => `${Number((y * 100).toFixed(1))} %`}
        />
      </figure>
      {config === null || !hasTeacher(config) ? null : (
        <figure className={styles.figure}>
          <figcaption>Distillation loss, last tenth</figcaption>
          <DimensionChart
            title="Distillation loss"
            axisLabel={axisLabel}
            values={values}
            points={distillation}
            references={[]}
            format={(y) => String(Number(y.toPrecision(3)))}
          />
        </figure>
      )}
    </div>
  );
}

function JobTable() {
  const { design, jobs } = useStore(ablationStore);
  const knn = new Map(summarise(jobs, "knn").map((point) => [point.value, point]));
  const distillation = new Map(summarise(jobs, "distillation").map((point) => [point.value, point]));
  const values = [...new Set(jobs.map((job) => job.value))].sort((a, b) => a - b);
  const failed = jobs.filter((job) => job.state === "failed");
  const questions = jobs.find(({ result }) => result !== null)?.result?.baseline?.queryImages ?? null;
  return (
    <>
      <div className={styles.table}>
        <table data-testid="ablation-table">
          <caption>
            Mean ± standard deviation over seeds, where there are several. The dots in the figure are single
            runs. All runs are asked about the same held-out images
            {questions === null ? "" : `, ${questions} of them`}.
          </caption>
          <thead>
            <tr>
              <th scope="col">{settings[design.axis].label}</th>
              <th scope="col">Runs</th>
              <th scope="col">kNN accuracy</th>
              <th scope="col">Distillation loss</th>
            </tr>
          </thead>
          <tbody>
            {values.map((value) => {
              const ofValue = jobs.filter((job) => job.value === value);
              const accuracy = knn.get(value);
              const loss = distillation.get(value);
              return (
                <tr key={value}>
                  <th scope="row">{value}</th>
                  <td>
                    {ofValue.filter((job) => job.state === "done").length} of {ofValue.length}
                    {ofValue.some((job) => job.state === "running") ? ", running" : ""}
                  </td>
                  <td>
                    {accuracy === undefined
                      ? "–"
                      : formatShare(accuracy.mean) +
                        (accuracy.std === null ? "" : ` ± ${(accuracy.std * 100).toFixed(1)}`)}
                  </td>
                  <td>
                    {loss === undefined
                      ? "–"
                      : loss.mean.toFixed(3) + (loss.std === null ? "" : ` ± ${loss.std.toFixed(3)}`)}
                  </td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
      {failed.length === 0 ? null : (
        <ul className={styles.problem}>
          {failed.map((job) => (
            <li key={`${job.value} ${job.seed}`}>
              {job.value}, seed {job.seed}: {job.problem}
            </li>
          ))}
        </ul>
      )}
      <p className={styles.buttons}>
        <button
          type="button"
          data-testid="ablation-csv"
          onClick={() => saveFile("ablation.csv", ablationCsv(design, jobs), "text/csv")}
        >
          <Icon name="download" />
          ablation.csv
        </button>
      </p>
    </>
  );
}
