import { useEffect, useId, useRef, useState } from "react";
import type { NamedShape } from "../../contract/tensorFact.ts";
import type { Listed, TeacherInspection, TeacherRecipe } from "../../contract/teacher.ts";
import { FactList } from "../widgets/FactList.tsx";
import { formatBytes } from "../widgets/formatNumbers.ts";
import { RecipeForm } from "./RecipeForm.tsx";
import { Refusal, RefusalList } from "../widgets/Refusal.tsx";
import { factsOfInspection } from "./teacherFacts.ts";
import styles from "./TeacherInspectionDialog.module.css";
import { TensorTable } from "./TensorTable.tsx";

interface TeacherInspectionDialogProps {
  readonly name: string;
  readonly bytes: number;
  readonly inspection: TeacherInspection;
  /** What is known of its use beside the file. */
  readonly recipe?: TeacherRecipe | undefined;
  readonly onUse: (recipe: TeacherRecipe | undefined) => void;
  readonly onReadAsData: () => void;
  readonly onCancel: () => void;
}

/** What the offered files hold, before they are used: one key, Enter, makes them the teacher, Escape puts them away. */
export function TeacherInspectionDialog(props: TeacherInspectionDialogProps) {
  const { name, bytes, inspection, onUse, onReadAsData, onCancel } = props;
  const { refusal, mismatch, tensors, options } = inspection;
  const [chosen, setChosen] = useState(options === null ? null : { ...options.recipe, ...props.recipe });
  // Its refusal lists a few tensors; below they are all.
  const isUnknown = inspection.card === null && tensors.count > 0;
  const titleId = useId();
  const dialog = useRef<HTMLDialogElement>(null);
  const firstButton = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    dialog.current?.showModal();
    firstButton.current?.focus();
  }, []);

  return (
    <dialog
      ref={dialog}
      className={styles.dialog}
      aria-labelledby={titleId}
      data-testid="teacher-inspection"
      onClose={({ currentTarget: { returnValue } }) => {
        if (returnValue === "use") onUse(chosen ?? props.recipe);
        else if (returnValue === "data") onReadAsData();
        else onCancel();
      }}
    >
      <header className={styles.header}>
        <h2 id={titleId}>
          {refusal === null ? "Use " : ""}
          <bdi>{name}</bdi>
          {refusal === null ? " as the teacher?" : " cannot be used as a teacher"}
        </h2>
        <p>{formatBytes(bytes)}; nothing of it has been run or sent anywhere.</p>
      </header>
      <div className={styles.body}>
        {refusal === null ? null : (
          <Refusal error={isUnknown ? { ...refusal, details: [] } : refusal} testId="teacher-refusal">
            {mismatch === null ? undefined : <Mismatch mismatch={mismatch} />}
          </Refusal>
        )}
        {options === null || chosen === null ? null : (
          <RecipeForm options={options} recipe={chosen} onChange={setChosen} />
        )}
        <FactList facts={factsOfInspection(inspection)} testId="teacher-facts" />
        {tensors.count === 0 ? null : <TensorTable tensors={tensors} />}
      </div>
      {/* The browser closes the dialog itself and gives the keyboard back to where it was. */}
      <form method="dialog" className={styles.actions}>
        <button ref={refusal === null ? null : firstButton} value="cancel" data-testid="teacher-cancel">
          {refusal === null ? "Cancel" : "Close"}
        </button>
        {refusal === null ? (
          <button ref={firstButton} className={styles.use} value="use" data-testid="teacher-use">
            Use as teacher
          </button>
        ) : null}
        {inspection.holdsPictures ? (
          <button className={styles.use} value="data" data-testid="read-as-data">
            Read as data
          </button>
        ) : null}
      </form>
    </dialog>
  );
}

function Mismatch({ mismatch }: { readonly mismatch: NonNullable<TeacherInspection["mismatch"]> }) {
  const { missing, unexpected, wrongShape } = mismatch;
  return (
    <>
      <MismatchList title="Missing from the file" tensors={missing} describe={describeTensor} />
      <MismatchList title="Unexpected in the file" tensors={unexpected} describe={describeTensor} />
      <MismatchList
        title="Of the wrong shape"
        tensors={wrongShape}
        describe={({ expected, ...tensor }) => `${describeTensor(tensor)}, not [${expected.join(", ")}]`}
      />
    </>
  );
}

function describeTensor({ name, shape }: NamedShape): string {
  return `${name} [${shape.join(", ")}]`;
}

interface MismatchListProps<T> {
  readonly title: string;
  readonly tensors: Listed<T>;
  readonly describe: (tensor: T) => string;
}

function MismatchList<T>({ title, tensors: { count, first }, describe }: MismatchListProps<T>) {
  if (count === 0) return null;
  return (
    <section>
      <h3>
        {title}: {count.toLocaleString("en")}
      </h3>
      <RefusalList label={title} items={first.map(describe)} more={count - first.length} />
    </section>
  );
}
