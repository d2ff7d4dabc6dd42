import { useState, type ReactNode } from "react";
import { useStore } from "zustand";
import type { ErrorWire } from "../../contract/errors.ts";
import { settings } from "../../contract/config.ts";
import type { TeacherCard } from "../../contract/teacher.ts";
import { chooseTeacher, offerTeacherFiles } from "../commands/loadTeacher.ts";
import { useEngine } from "../EngineContext.tsx";
import { collectFromDrop } from "../ingest/collectFiles.ts";
import { configStore } from "../stores/configStore.ts";
import { notifyError } from "../stores/noticeStore.ts";
import { runIsBusy, runStore } from "../stores/runStore.ts";
import { teacherStore } from "../stores/teacherStore.ts";
import { formatBytes, formatCount } from "./formatNumbers.ts";
import { SettingsGroup } from "./SettingsGroup.tsx";
import styles from "./TeacherPanel.module.css";

const choices = Object.entries(settings.teacher.options) as ["bundled" | "own" | "none", string][];

/** Which network teaches: its source, what was recognised in it, or why it was refused. */
export function TeacherPanel() {
  const engine = useEngine();
  const chosen = useStore(configStore, (state) => state.config.teacher);
  const busy = useStore(runStore, (run) => runIsBusy(run));
  const { status, card, offered, error } = useStore(teacherStore);

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
          Your own: choose, or drop on this panel, a <code>.safetensors</code> or <code>.pth</code> file, or a
          TensorFlow.js <code>model.json</code> with its shards, as files, folder or zip.
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
      {status === "loading" ? <p role="status">Reading {offered} …</p> : null}
      {error === null ? null : <Refusal offered={offered} error={error} />}
      {card === null || chosen === "none" ? null : <Card card={card} />}
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

function Card({ card }: { readonly card: TeacherCard }) {
  const facts: readonly (readonly [string, string])[] = [
    ["Name", card.name],
    ["Network", card.architecture],
    ["Head", card.head],
    ["Embedding", `${card.embeddingDim} dimensions, from ${card.featureDim} features`],
    ["Input", `${card.inputSize} px, ${card.preprocessing}`],
    ["Size", `${formatCount(card.parameters)} parameters, ${formatBytes(card.bytes)}`],
    ...card.notes.map((note) => ["Note", note] as const),
  ];
  return (
    <dl className={styles.card} data-testid="teacher-card">
      {facts.map(([term, fact], i) => (
        <div key={i} style={{ display: "contents" }}>
          <dt>{term}</dt>
          <dd>{fact}</dd>
        </div>
      ))}
    </dl>
  );
}

function Refusal({ offered, error }: { readonly offered: string; readonly error: ErrorWire }) {
  return (
    <div className={styles.refusal} role="alert" data-testid="teacher-refusal">
      <p>
        <strong>{offered}</strong> is not used: {error.message}
      </p>
      {error.hint === undefined ? null : <p>{error.hint}</p>}
      {error.details === undefined ? null : (
        <ul tabIndex={0} aria-label="Details">
          {error.details.map((detail, i) => (
            <li key={i}>{detail}</li>
          ))}
        </ul>
      )}
    </div>
  );
}
