import { useId } from "react";
import { useStore } from "zustand";
import { mostLabelsShown, type DatasetSummary } from "../../contract/dataset.ts";
import { visibleText } from "../../lib/visibleText.ts";
import { offerTeacherFiles } from "../commands/offerTeacher.ts";
import { useEngine } from "../engine/EngineContext.tsx";
import type { IngestProgress } from "../ingest/ingestImages.ts";
import type { LabelLevelName } from "../ingest/imagePaths.ts";
import {
  cancelLoading,
  canReadAgain,
  loadDemoImages,
  readAgain,
  readWithLabelLevel,
} from "../commands/loadImages.ts";
import { configStore } from "../stores/configStore.ts";
import { datasetStore } from "../stores/datasetStore.ts";
import { engineStore } from "../stores/engineStore.ts";
import { runIsBusy, runStore } from "../stores/runStore.ts";
import { openStation } from "../stores/stationStore.ts";
import { DataFromWeb } from "./DataFromWeb.tsx";
import styles from "./DataPanel.module.css";
import { Gallery } from "./Gallery.tsx";
import { askForImages } from "./imageInputs.ts";
import { QualityQuestion } from "./QualityQuestion.tsx";
import { RejectsTable } from "./RejectsTable.tsx";
import { TableOffer } from "./TableOffer.tsx";

/** Where images come in, and what came in. */
export function DataPanel() {
  const engine = useEngine();
  const summary = useStore(datasetStore, (state) => state.summary);
  const rejects = useStore(datasetStore, (state) => state.rejects);
  const ingestion = useStore(datasetStore, (state) => state.ingestion);
  const isBusy = useStore(runStore, (run) => runIsBusy(run)) || ingestion !== null;

  return (
    <div className={styles.panel} data-setting="data">
      <div className={styles.dropZone} data-testid="drop-zone">
        <p>
          <strong>Drop photos here: a folder, zip or images.</strong> They stay on this computer.
        </p>
        <div className={styles.buttons}>
          <button type="button" disabled={isBusy} onClick={() => askForImages("folder")}>
            Choose folder
          </button>
          <button type="button" disabled={isBusy} onClick={() => askForImages("files")}>
            Choose files or zip
          </button>
          <button
            type="button"
            disabled={isBusy}
            data-testid="use-demo"
            aria-pressed={summary?.kind === "demo"}
            onClick={() => void loadDemoImages(engine)}
          >
            Use the built-in demo
          </button>
        </div>
        <p className={styles.muted}>
          Or paste them. Parquet files of images work too. Sub-folders become labels, used for evaluation
          only.
        </p>
      </div>
      <DataFromWeb disabled={isBusy} />
      <TableOffer disabled={isBusy} />
      {ingestion === null ? null : <Progress progress={ingestion} />}
      <CheckpointOffer disabled={isBusy} />
      {summary === null ? null : (
        <>
          {summary.kind === "own" ? <QualityQuestion summary={summary} disabled={isBusy} /> : null}
          <Facts summary={summary} />
          {summary.kind === "own" ? <LevelChoice disabled={isBusy} /> : null}
          <Gallery key={summary.fingerprint} engine={engine} summary={summary} />
          {summary.kind === "own" && rejects.length > 0 ? <RejectsTable rejects={rejects} /> : null}
        </>
      )}
    </div>
  );
}

const tasks: Readonly<Record<IngestProgress["task"], string>> = {
  listing: "Looking for images",
  measuring: "Measuring images",
  decoding: "Decoding images",
  sealing: "Taking the fingerprint",
  drawing: "Drawing the demo images",
};

function Progress({ progress }: { readonly progress: IngestProgress }) {
  // Drawing is done by the engine, which tells in its own way how far it is.
  const drawing = useStore(engineStore, (state) => state.progress);
  const { task } = progress;
  const { done, total } = task === "drawing" ? (drawing ?? progress) : progress;
  return (
    <div className={styles.progress} data-testid="ingest-progress">
      <span role="status">{tasks[task]}</span>
      <progress aria-label={tasks[task]} {...(total > 0 ? { value: done, max: total } : {})} />
      <span className={styles.muted}>{task === "decoding" ? pace(progress) : ""}</span>
      {task === "drawing" ? null : (
        <button type="button" data-testid="cancel-ingest" onClick={cancelLoading}>
          Cancel
        </button>
      )}
    </div>
  );
}

function pace({ done, total, rejected, filesPerSecond, secondsLeft }: IngestProgress): string {
  const parts = [`${done.toLocaleString("en")} of ${total.toLocaleString("en")}`];
  if (filesPerSecond > 0) parts.push(`${filesPerSecond.toFixed(filesPerSecond < 10 ? 1 : 0)} / s`);
  if (secondsLeft !== null) parts.push(`${formatSeconds(secondsLeft)} left`);
  if (rejected > 0) parts.push(`${rejected.toLocaleString("en")} left out`);
  return parts.join(" · ");
}

function formatSeconds(seconds: number): string {
  const whole = Math.ceil(seconds);
  return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)} min ${whole % 60} s`;
}

function Facts({ summary }: { readonly summary: DatasetSummary }) {
  const imageSize = useStore(configStore, (state) => state.config.imageSize);
  const { labels, labelCounts, count, size } = summary;
  return (
    <div className={styles.facts} data-testid="dataset-summary">
      <p>
        <strong>{visibleText(summary.name)}</strong>
        {": "}
        {count.toLocaleString("en")} {count === 1 ? "image" : "images"}, stored at {size} × {size} (
        {formatBytes(summary.bytes)}).{" "}
        <span className={styles.muted}>
          Fingerprint <code>{summary.fingerprint.slice(0, 12)}</code>
        </span>
      </p>
      {labels.length === 0 ? (
        <p className={styles.muted}>
          No labels. Two or more sub-folders with at least two images each would become labels.
        </p>
      ) : (
        <details data-testid="dataset-labels">
          <summary>{labels.length.toLocaleString("en")} labels, for evaluation only</summary>
          <ul className={styles.labels}>
            {labels.slice(0, mostLabelsShown).map((label, i) => (
              <li key={label}>
                {visibleText(label)}{" "}
                <span className={styles.muted}>{(labelCounts[i] ?? 0).toLocaleString("en")}</span>
              </li>
            ))}
            {labels.length > mostLabelsShown ? (
              <li className={styles.muted}>
                … and {(labels.length - mostLabelsShown).toLocaleString("en")} more
              </li>
            ) : null}
          </ul>
        </details>
      )}
      {imageSize > size ? <Enlarging summary={summary} imageSize={imageSize} /> : null}
    </div>
  );
}

interface EnlargingProps {
  readonly summary: DatasetSummary;
  readonly imageSize: number;
}

/** Views larger than the stored images only blow them up; the files may have more. */
function Enlarging({ summary, imageSize }: EnlargingProps) {
  const engine = useEngine();
  const isBusy = useStore(runStore, (run) => runIsBusy(run));
  return (
    <p className={styles.level} data-testid="enlarging">
      <span>
        Views are set to {imageSize} px, larger than the stored images.
        {summary.kind === "own" && !canReadAgain() ? " Load the images again to store them larger." : ""}
      </span>
      {summary.kind === "own" && canReadAgain() ? (
        <button
          type="button"
          disabled={isBusy}
          data-testid="read-again"
          onClick={() => void readAgain(engine)}
        >
          Read them again, larger
        </button>
      ) : null}
    </p>
  );
}

const levelNames: Readonly<Record<LabelLevelName, string>> = {
  outer: "outer folders",
  inner: "folders inside these",
  archives: "archives",
};

/** Which level of folders the labels are read from, where the images leave it open. */
function LevelChoice({ disabled }: { readonly disabled: boolean }) {
  const engine = useEngine();
  const id = useId();
  const levels = useStore(datasetStore, (state) => state.levels);
  const level = useStore(datasetStore, (state) => state.labelLevel);
  if (levels.length < 2) return null;
  return (
    <p className={styles.level}>
      <label htmlFor={id}>Labels from</label>
      <select
        id={id}
        value={level}
        disabled={disabled}
        data-testid="label-level"
        aria-description="The images are read again."
        onChange={(event) => void readWithLabelLevel(engine, event.target.value as LabelLevelName)}
      >
        {levels.map(({ name, count, examples }) => (
          <option key={name} value={name}>
            {count === 0
              ? "nothing: no labels"
              : `${levelNames[name]}: ${examples.join(", ")}${count > examples.length ? ", …" : ""}`}
          </option>
        ))}
      </select>
    </p>
  );
}

/** Checkpoints that were dropped here belong to the other panel: one click takes them there. */
function CheckpointOffer({ disabled }: { readonly disabled: boolean }) {
  const engine = useEngine();
  const checkpoints = useStore(datasetStore, (state) => state.checkpoints);
  const [first] = checkpoints;
  if (first === undefined) return null;
  const which =
    visibleText(first.name) + (checkpoints.length > 1 ? ` and ${checkpoints.length - 1} more` : "");
  return (
    <p className={styles.level} data-testid="checkpoint-offer">
      <span>{which}: a checkpoint. It belongs under Teacher.</span>
      <button
        type="button"
        disabled={disabled}
        data-testid="use-as-teacher"
        onClick={() => {
          datasetStore.setState({ checkpoints: [] });
          openStation("teacher");
          void offerTeacherFiles(engine, [first]);
        }}
      >
        Look at it as teacher
      </button>
    </p>
  );
}

function formatBytes(bytes: number): string {
  return bytes < 1e6 ? `${Math.ceil(bytes / 1e3)} kB` : `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB`;
}
