import { useEffect, useState, type ChangeEvent } from "react";
import { loadOwnImages } from "../commands/loadImages.ts";
import { mayBeRunFile, restoreRun } from "../commands/restoreRun.ts";
import { useEngine } from "../engine/EngineContext.tsx";
import { collectFromDrop, collectFromList } from "../ingest/collectFiles.ts";
import type { Engine } from "../../contract/protocol.ts";
import { notifyError } from "../stores/noticeStore.ts";
import { openStation } from "../stores/stationStore.ts";
import type { Collected } from "../ingest/collectFiles.ts";
import { imageInputs } from "./imageInputs.ts";
import styles from "./PageDrop.module.css";

/**
 * Where images, and files of runs, come into the page, whatever of it is in sight: dropped or pasted anywhere, unless some part of the page
 * took them for itself (`preventDefault`), or chosen through the inputs here.
 */
export function PageDrop() {
  const engine = useEngine();
  const dragging = useWholePageDrop();
  const take = (event: ChangeEvent<HTMLInputElement>): void => {
    const files = [...(event.currentTarget.files ?? [])];
    event.currentTarget.value = ""; // so that choosing the same again counts as a change
    if (files.length > 0) takeFiles(engine, files, collectFromList(files));
  };
  return (
    <>
      <input
        ref={(input) => input?.setAttribute("webkitdirectory", "")}
        id={imageInputs.folder}
        type="file"
        hidden
        multiple
        aria-label="Folder of images"
        data-testid="folder-input"
        onChange={take}
      />
      <input
        id={imageInputs.files}
        type="file"
        hidden
        multiple
        accept="image/*,.zip,application/zip,.cbz,.parquet,.json,application/json"
        aria-label="Image files, zip, parquet or a run.json"
        data-testid="files-input"
        onChange={take}
      />
      {dragging ? <div className={styles.overlay}>Drop to use these files</div> : null}
    </>
  );
}

/** The file of a run sets the page as the run was; all else is images. */
function takeFiles(engine: Engine, files: readonly File[], collected: Collected | Promise<Collected>): void {
  // All else begins at once, so that a run that is started meanwhile waits for it.
  if (mayBeRunFile(files))
    void Promise.resolve(collected).then(async (given) => {
      if (!(await restoreRun(given.files))) takeImages(engine, given);
    }, notifyError);
  else takeImages(engine, collected);
}

/** How far reading is, what is offered and what was left out is told at the data's station. */
function takeImages(engine: Engine, collected: Collected | Promise<Collected>): void {
  openStation("data");
  void loadOwnImages(engine, collected);
}

/** @returns whether files that the page would take are being dragged over it. */
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
      const { dataTransfer } = event;
      takeFiles(engine, [...dataTransfer.files], collectFromDrop(dataTransfer));
    };
    const onPaste = (event: ClipboardEvent): void => {
      const files = [...(event.clipboardData?.files ?? [])];
      if (event.defaultPrevented || files.length === 0) return;
      event.preventDefault();
      takeFiles(engine, files, collectFromList(files));
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
