import { useState, type ReactNode } from "react";
import { useStore } from "zustand";
import { describeMatching } from "../../contract/matching.ts";
import { dismissOffer, offerTeacherFiles } from "../commands/offerTeacher.ts";
import { restoreRun } from "../commands/restoreRun.ts";
import { useEngine } from "../engine/EngineContext.tsx";
import { collectFromDrop } from "../ingest/collectFiles.ts";
import { configStore } from "../stores/configStore.ts";
import { linkStore } from "../stores/linkStore.ts";
import { notifyError } from "../stores/noticeStore.ts";
import { runIsBusy, runStore } from "../stores/runStore.ts";
import { teacherStore } from "../stores/teacherStore.ts";
import { webStore } from "../stores/webStore.ts";
import { FactList } from "../widgets/FactList.tsx";
import { Refusal } from "../widgets/Refusal.tsx";
import { CouplingNote } from "./CouplingNote.tsx";
import { goodTeachers } from "./goodTeachers.ts";
import { TeacherCards } from "./TeacherCards.tsx";
import { TeacherFromWeb } from "./TeacherFromWeb.tsx";
import { factsOfCard } from "./teacherFacts.ts";
import { teacherInput } from "./teacherInputId.ts";
import styles from "./TeacherPanel.module.css";

/** Which network teaches: four to begin with, others behind them, what was recognised, or why it was refused. */
export function TeacherPanel() {
  const config = useStore(configStore, (state) => state.config);
  const busy = useStore(runStore, (run) => runIsBusy(run));
  const { status, card, asked, error, offer } = useStore(teacherStore);
  const isAnotherChosen = config.teacher === "own" && card === null;

  return (
    <TeacherDrop disabled={busy}>
      <div className={styles.choice} data-setting="teacher">
        <TeacherCards disabled={busy} />
        <CouplingNote />
      </div>
      <MoreTeachers disabled={busy} isAsked={isAnotherChosen} />
      {offer?.inspection === null ? (
        <p role="status">
          Reading {offer.name} …{" "}
          <button type="button" data-testid="teacher-inspection-cancel" onClick={dismissOffer}>
            Cancel
          </button>
        </p>
      ) : null}
      {status === "loading" ? <p role="status">Loading {asked} …</p> : null}
      {error === null ? null : (
        <Refusal
          error={error}
          testId="teacher-error"
          lead={
            <>
              <strong>{asked}</strong> is not used:{" "}
            </>
          }
        />
      )}
      {card === null || config.teacher === "none" ? null : (
        <FactList facts={factsOfCard(card, describeMatching(config, card))} testId="teacher-card" />
      )}
    </TeacherDrop>
  );
}

interface MoreTeachersProps {
  readonly disabled: boolean;
  /** Another teacher was chosen, and is still to be given. */
  readonly isAsked: boolean;
}

/** The rest of the published ones, and files of one's own. */
function MoreTeachers({ disabled, isAsked }: MoreTeachersProps) {
  const isLinked = useStore(linkStore, (state) => state.teacher !== null);
  // Of the cards' own downloads the cards tell.
  const isDownloading = useStore(webStore, ({ transfers: { teacher } }) =>
    "wanted" in teacher && teacher.phase !== "done"
      ? !goodTeachers.some(({ preset }) => preset.address === teacher.wanted.address)
      : false,
  );
  const [isOpen, setOpen] = useState(isLinked || isDownloading);
  return (
    <details
      className={styles.more}
      open={isOpen || isAsked}
      data-testid="more-teachers"
      onToggle={(event) => setOpen(event.currentTarget.open)}
    >
      <summary>More teachers</summary>
      <div className={styles.file}>
        <p>
          A file of your own: a <code>.safetensors</code> or <code>.pth</code> checkpoint, an{" "}
          <code>.onnx</code> file, or a TensorFlow.js <code>model.json</code> with its shards. Drop it on this
          panel, or choose it. You see what it holds before it is used.
        </p>
        <button
          type="button"
          disabled={disabled}
          data-testid="teacher-choose"
          onClick={() => document.getElementById(teacherInput)?.click()}
        >
          Choose files
        </button>
      </div>
      <TeacherFromWeb disabled={disabled} />
    </details>
  );
}

interface TeacherDropProps {
  readonly disabled: boolean;
  readonly children: ReactNode;
}

/** Files dropped here are a teacher, while anywhere else they are images. */
function TeacherDrop({ disabled, children }: TeacherDropProps) {
  const engine = useEngine();
  const [over, setOver] = useState(false);
  return (
    <div
      className={`${styles.panel} ${over ? styles.over : ""}`}
      data-testid="teacher-drop"
      onDragOver={(event) => {
        event.preventDefault();
        setOver(!disabled);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault(); // so that the page does not take it for images
        setOver(false);
        if (disabled) return;
        collectFromDrop(event.dataTransfer)
          .then(async (collected) => {
            const files = collected.files.map(({ file }) => file);
            if (!(await restoreRun(collected.files))) await offerTeacherFiles(engine, files, { collected });
          })
          .catch(notifyError);
      }}
    >
      {children}
    </div>
  );
}
