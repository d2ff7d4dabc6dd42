import { useEffect, useId, useRef, useState, type ChangeEvent } from "react";
import { useStore } from "zustand";
import { mostLabelsShown, type DatasetSummary } from "../../contract/dataset.ts";
import { visibleText } from "../../lib/visibleText.ts";
import { offerTeacherFiles } from "../commands/offerTeacher.ts";
import { useEngine } from "../engine/EngineContext.tsx";
import { collectFromDrop, collectFromList } from "../ingest/collectFiles.ts";
import type { IngestProgress } from "../ingest/ingestImages.ts";
import type { LabelLevelName } from "../ingest/imagePaths.ts";
import { cancelLoading, loadDemoImages, loadOwnImages, readWithLabelLevel } from "../commands/loadImages.ts";
import { configStore } from "../stores/configStore.ts";
import { datasetStore } from "../stores/datasetStore.ts";
import { engineStore } from "../stores/engineStore.ts";
import { DataFromWeb } from "./DataFromWeb.tsx";
import styles from "./DataPanel.module.css";
import { Gallery } from "./Gallery.tsx";
import { RejectsTable } from "./RejectsTable.tsx";
import { TableOffer } from "./TableOffer.tsx";

/** Where images come in, and what came in. */
export function DataPanel() {
  const engine = useEngine();
  const summary = useStore(datasetStore, (state) => state.summary);
  const rejects = useStore(datasetStore, (state) => state.rejects);
  const ingestion = useStore(datasetStore, (state) => state.ingestion);
  const dragging = useWholePageDrop();
  const folderInput = useRef<HTMLInputElement>(null);
  const filesInput = useRef<HTMLInputElement>(null);
  const busy = ingestion !== null;

  useEffect(() => folderInput.current?.setAttribute("webkitdirectory", ""), []);

  const take = (event: ChangeEvent<HTMLInputElement>): void => {
    const collected = collectFromList(event.currentTarget.files ?? []);
    event.currentTarget.value = ""; // so that choosing the same again counts as a change
    if (collected.files.length > 0) void loadOwnImages(engine, collected);
  };

  return (
    <div className={styles.panel}>
      <div className={styles.dropZone} data-testid="drop-zone" data-dragging={dragging}>
        <p>
          <strong>Drop a folder, a zip, images or parquet files of them</strong> anywhere on this page, or
          paste one. They never leave this machine.
        </p>
        <div className={styles.buttons}>
          <button type="button" disabled={busy} onClick={() => folderInput.current?.click()}>
            Choose folder
          </button>
          <button type="button" disabled={busy} onClick={() => filesInput.current?.click()}>
            Choose files or zip
          </button>
          <button
            type="button"
            disabled={busy}
            data-testid="use-demo"
            onClick={() => void loadDemoImages(engine)}
          >
            Use the built-in demo
          </button>
        </div>
        <input
          ref={folderInput}
          className="visually-hidden"
          type="file"
          multiple
          tabIndex={-1}
          aria-label="Folder of images"
          data-testid="folder-input"
          onChange={take}
        />
        <input
          ref={filesInput}
          className="visually-hidden"
          type="file"
          multiple
          accept="image/*,.zip,application/zip,.cbz,.parquet"
          tabIndex={-1}
          aria-label="Image files, zip or parquet"
          data-testid="files-input"
          onChange={take}
        />
      </div>
      <DataFromWeb disabled={busy} />
      <TableOffer disabled={busy} />
      {dragging ? <div className={styles.overlay}>Drop to use these images</div> : null}
      {ingestion === null ? null : <Progress progress={ingestion} />}
      <CheckpointOffer disabled={busy} />
      {summary === null ? null : (
        <>
          <Facts summary={summary} />
          {summary.kind === "own" ? <LevelChoice disabled={busy} /> : null}
          <Gallery key={summary.fingerprint} engine={engine} summary={summary} />
          {summary.kind === "own" && rejects.length > 0 ? <RejectsTable rejects={rejects} /> : null}
        </>
      )}
    </div>
  );
}

/**
 * Files dropped or pasted anywhere become the data, unless some part of the page took them for itself
 * (`preventDefault`).
 *
 * @returns whether files are being dragged over the page.
 */
function useWholePageDrop(): boolean {
  const engine = useEngine();
  const [dragging, setDragging] = useState(false);
  useEffect(() => {
    const carriesFiles = (event: DragEvent): boolean => event.dataTransfer?.types.includes("Files") ?? false;
    const onDragOver = (event: DragEvent): void => {
      setDragging(carriesFiles(event) && !event.defaultPrevented);
      if (carriesFiles(event)) event.preventDefault(); // else the browser would open the file in place of the page
    };
    const onDragLeave = (event: DragEvent): void => {
      if (event.relatedTarget === null) setDragging(false); // left the window
    };
    const onDrop = (event: DragEvent): void => {
      setDragging(false);
      if (event.defaultPrevented || event.dataTransfer === null || !carriesFiles(event)) return;
      event.preventDefault();
      void loadOwnImages(engine, collectFromDrop(event.dataTransfer));
    };
    const onPaste = (event: ClipboardEvent): void => {
      const files = event.clipboardData?.files;
      if (event.defaultPrevented || files === undefined || files.length === 0) return;
      event.preventDefault();
      void loadOwnImages(engine, collectFromList(files));
    };
    window.addEventListener("dragover", onDragOver);
    window.addEventListener("dragleave", onDragLeave);
    window.addEventListener("drop", onDrop);
    window.addEventListener("paste", onPaste);
    return () => {
      window.removeEventListener("dragover", onDragOver);
      window.removeEventListener("dragleave", onDragLeave);
      window.removeEventListener("drop", onDrop);
      window.removeEventListener("paste", onPaste);
    };
  }, [engine]);
  return dragging;
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
        <span className={styles.muted} title={`SHA-256 ${summary.fingerprint}`}>
          Fingerprint <code>{summary.fingerprint.slice(0, 12)}</code>
        </span>
      </p>
      {labels.length === 0 ? (
        <p className={styles.muted}>
          No labels. Two or more sub-folders with at least two images each would become labels.
        </p>
      ) : (
        <details data-testid="dataset-labels">
          <summary>{labels.length.toLocaleString("en")} labels, used to judge and never to train</summary>
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
      {imageSize > size ? (
        <p className={styles.muted}>
          The views are to be {imageSize} px, larger than the stored images.
          {summary.kind === "own" ? " Load the images again to store them larger." : ""}
        </p>
      ) : null}
    </div>
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
        title="The images are read again."
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
      <span>{which}: a checkpoint, which belongs under Teacher.</span>
      <button
        type="button"
        disabled={disabled}
        data-testid="use-as-teacher"
        onClick={() => {
          datasetStore.setState({ checkpoints: [] });
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
