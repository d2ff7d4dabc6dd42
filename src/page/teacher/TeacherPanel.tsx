import { useState, type ReactNode } from "react";
import { useStore } from "zustand";
import { settings } from "../../contract/config.ts";
import { describeMatching } from "../../contract/matching.ts";
import { chooseTeacher } from "../commands/loadTeacher.ts";
import { dismissOffer, offerTeacherFiles } from "../commands/offerTeacher.ts";
import { useEngine } from "../engine/EngineContext.tsx";
import { collectFromDrop } from "../ingest/collectFiles.ts";
import { configStore } from "../stores/configStore.ts";
import { notifyError } from "../stores/noticeStore.ts";
import { runIsBusy, runStore } from "../stores/runStore.ts";
import { teacherStore } from "../stores/teacherStore.ts";
import { FactList } from "../widgets/FactList.tsx";
import { Refusal } from "../widgets/Refusal.tsx";
import { SettingsGroup } from "../settings/SettingsGroup.tsx";
import { TeacherFromWeb } from "./TeacherFromWeb.tsx";
import { factsOfCard } from "./teacherFacts.ts";
import styles from "./TeacherPanel.module.css";

const choices = Object.entries(settings.teacher.options) as ["bundled" | "own" | "none", string][];

/** Which network teaches: its source, what files hold that may become it, what was recognised, or why it was refused. */
export function TeacherPanel() {
  const engine = useEngine();
  const config = useStore(configStore, (state) => state.config);
  const chosen = config.teacher;
  const busy = useStore(runStore, (run) => runIsBusy(run));
  const { status, card, asked, error, offer } = useStore(teacherStore);

  return (
    <TeacherDrop disabled={busy}>
      <fieldset className={styles.choices} disabled={busy}>
        <legend className="visually-hidden">{settings.teacher.label}</legend>
        {choices.map(([choice, text]) => (
          <label key={choice} className={styles.choice}>
            <input
              type="radio"
              name="teacher"
              data-testid={`teacher-${choice}`}
              checked={chosen === choice}
              onChange={() => void chooseTeacher(engine, choice)}
            />
            {text}
          </label>
        ))}
      </fieldset>
      <div className={styles.file}>
        <label htmlFor="teacher-file">
          Your own: choose, or drop on this panel, a <code>.safetensors</code> or <code>.pth</code>{" "}
          checkpoint, an <code>.onnx</code> file, or a TensorFlow.js <code>model.json</code> with its shards,
          as files, folder or zip. What it holds is shown before it is used.
        </label>
        <input
          id="teacher-file"
          data-testid="teacher-input"
          type="file"
          multiple
          disabled={busy}
          onChange={(event) => {
            const files = [...(event.target.files ?? [])];
            event.target.value = ""; // so that the same file can be chosen again
            void offerTeacherFiles(engine, files);
          }}
        />
      </div>
      <TeacherFromWeb disabled={busy} />
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
      {card === null || chosen === "none" ? null : (
        <FactList facts={factsOfCard(card, describeMatching(config, card))} testId="teacher-card" />
      )}
      <SettingsGroup group="teacher" except={["teacher"]} />
    </TeacherDrop>
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
          .then(({ files }) =>
            offerTeacherFiles(
              engine,
              files.map(({ file }) => file),
            ),
          )
          .catch(notifyError);
      }}
    >
      {children}
    </div>
  );
}
