import { useState } from "react";
import { useStore } from "zustand";
import { settings } from "../../contract/config.ts";
import {
  continueAblation,
  pauseAblation,
  resumeAblation,
  startAblation,
  stopAblation,
} from "../commands/ablation.ts";
import { parseNumberList } from "../commands/numberList.ts";
import { useEngine } from "../engine/EngineContext.tsx";
import { DimensionChart } from "./DimensionChart.tsx";
import { presets, type AblationAxis, type AblationDesign } from "../../contract/presets.ts";
import { ablationStore } from "../stores/ablationStore.ts";
import { notifyError } from "../stores/noticeStore.ts";
import { runIsBusy, runStore } from "../stores/runStore.ts";
import { ablationFigures } from "./ablationFigures.ts";
import { ablationTable } from "./ablationTable.ts";
import styles from "./AblationView.module.css";
import type { AblationFile } from "./saveAblation.ts";
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
  return (
    <div className={styles.figures} data-testid="ablation-chart">
      {ablationFigures(design, config, jobs).map(({ id, title, measure, ...shown }) => (
        <figure key={id} className={styles.figure}>
          <figcaption>{title}</figcaption>
          <DimensionChart {...shown} title={measure} />
        </figure>
      ))}
    </div>
  );
}

function JobTable() {
  const { design, jobs } = useStore(ablationStore);
  const { header, rows, caption } = ablationTable(design, jobs);
  const failed = jobs.filter((job) => job.state === "failed");
  return (
    <>
      <div className={styles.table}>
        <table data-testid="ablation-table">
          <caption>{caption}</caption>
          <thead>
            <tr>
              {header.map((cell) => (
                <th key={cell} scope="col">
                  {cell}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map(([value, ...cells]) => (
              <tr key={value}>
                <th scope="row">{value}</th>
                {cells.map((cell, i) => (
                  <td key={header[i + 1]}>{cell}</td>
                ))}
              </tr>
            ))}
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
        {files.map(([kind, label]) => (
          <button
            key={kind}
            type="button"
            data-testid={`ablation-${kind}`}
            onClick={() => void save(kind).catch(notifyError)}
          >
            <Icon name="download" />
            {label}
          </button>
        ))}
      </p>
    </>
  );
}

const files: readonly (readonly [AblationFile, string])[] = [
  ["csv", "ablation.csv"],
  ["latex", "ablation.tex"],
  ["svg", "Figures, SVG"],
  ["png", "Figures, PNG"],
  ["report", "Report"],
];

async function save(kind: AblationFile): Promise<void> {
  const { saveAblation } = await import("./saveAblation.ts");
  await saveAblation(kind);
}
