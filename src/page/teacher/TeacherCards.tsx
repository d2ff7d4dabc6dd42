import { useStore } from "zustand";
import { chooseTeacher } from "../commands/loadTeacher.ts";
import { downloadTeacher, lookUpTeacher } from "../commands/lookUpTeacher.ts";
import { useEngine } from "../engine/EngineContext.tsx";
import { configStore } from "../stores/configStore.ts";
import { teacherStore } from "../stores/teacherStore.ts";
import { webStore } from "../stores/webStore.ts";
import { WebTransfer } from "../web/WebTransfer.tsx";
import { formatBytes } from "../widgets/formatNumbers.ts";
import { bundledFacts, goodTeachers } from "./goodTeachers.ts";
import styles from "./TeacherCards.module.css";

/** Four teachers to begin with. One that is not here yet is asked for its size first, and downloaded on another click. */
export function TeacherCards({ disabled }: { readonly disabled: boolean }) {
  const engine = useEngine();
  const teacher = useStore(configStore, (state) => state.config.teacher);
  const transfer = useStore(webStore, ({ transfers }) => transfers.teacher);
  const loadedFrom = useStore(teacherStore, ({ card, origin }) => (card === null ? null : origin?.address));
  const wanted = "wanted" in transfer && transfer.phase !== "done" ? transfer.wanted.address : null;

  return (
    <>
      <ul className={styles.cards} aria-label="Teachers">
        <li>
          <Card
            name={bundledFacts.name}
            facts={`${bundledFacts.inputSize} px · ${bundledFacts.parameters} parameters · comes with the page · MIT`}
            goodFor={bundledFacts.goodFor}
            isChosen={teacher === "bundled"}
            disabled={disabled}
            testId="teacher-bundled"
            onChoose={() => void chooseTeacher(engine, "bundled")}
          />
        </li>
        {goodTeachers.map(({ preset, name, goodFor }) => (
          <li key={preset.id}>
            <Card
              name={name}
              facts={`${preset.inputSize} px · ${preset.roughBytes === null ? "" : `${formatBytes(preset.roughBytes)} · `}${preset.licence}`}
              goodFor={goodFor}
              isChosen={teacher === "own" && loadedFrom === preset.address}
              disabled={disabled || transfer.phase === "loading"}
              testId={`teacher-card-${preset.id}`}
              onChoose={() => void lookUpTeacher(preset)}
            />
            {wanted === preset.address ? (
              <div className={styles.transfer}>
                <WebTransfer
                  use="teacher"
                  transfer={transfer}
                  disabled={disabled}
                  onDownload={(acceptChanged) => void downloadTeacher(engine, acceptChanged)}
                />
              </div>
            ) : null}
          </li>
        ))}
      </ul>
      <div className={styles.others}>
        <button
          type="button"
          aria-pressed={
            teacher === "own" && !goodTeachers.some(({ preset }) => preset.address === loadedFrom)
          }
          disabled={disabled}
          data-testid="teacher-own"
          onClick={() => void chooseTeacher(engine, "own")}
        >
          Another teacher
        </button>
        <button
          type="button"
          aria-pressed={teacher === "none"}
          disabled={disabled}
          data-testid="teacher-none"
          onClick={() => void chooseTeacher(engine, "none")}
        >
          No teacher
        </button>
      </div>
    </>
  );
}

interface CardProps {
  readonly name: string;
  readonly facts: string;
  readonly goodFor: string;
  readonly isChosen: boolean;
  readonly disabled: boolean;
  readonly testId: string;
  readonly onChoose: () => void;
}

function Card({ name, facts, goodFor, isChosen, disabled, testId, onChoose }: CardProps) {
  return (
    <button
      type="button"
      className={styles.card}
      aria-pressed={isChosen}
      disabled={disabled}
      data-testid={testId}
      onClick={onChoose}
    >
      <strong>{name}</strong>
      <span className={styles.facts}>{facts}</span>
      <span>{goodFor}</span>
    </button>
  );
}
