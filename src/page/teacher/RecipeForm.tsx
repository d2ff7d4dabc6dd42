import { useId, useState, type ReactNode } from "react";
import {
  normalisations,
  poolings,
  type CompleteRecipe,
  type Normalisation,
  type Pooling,
  type TeacherOptions,
} from "../../contract/teacher.ts";
import { visibleText } from "../../lib/visibleText.ts";
import styles from "./RecipeForm.module.css";

interface RecipeFormProps {
  readonly options: TeacherOptions;
  readonly recipe: CompleteRecipe;
  readonly onChange: (recipe: CompleteRecipe) => void;
}

/** Sides a teacher's input may have, pixels. */
const sides = { min: 8, max: 1024 } as const;

/** Which values of a network are its embedding, and how images are given to it. */
export function RecipeForm({ options, recipe, onChange }: RecipeFormProps) {
  const { outputs, fixedInputSize } = options;
  const [draft, setDraft] = useState<string | null>(null);
  const choices = outputs.find(({ name }) => name === recipe.output)?.poolings ?? [];
  const problem =
    draft === null || isSide(Number(draft)) ? "" : `A whole number from ${sides.min} to ${sides.max}.`;

  const { output, inputSize, normalisation } = recipe;
  const choosePooling = (pooling: string): void =>
    onChange({
      output,
      inputSize,
      normalisation,
      ...(pooling === "" ? {} : { pooling: pooling as Pooling }),
    });

  return (
    <fieldset className={styles.recipe} data-testid="teacher-recipe">
      <legend>How it is used</legend>
      <Field
        label="Embedding"
        help="Which of the network's values the student learns. What comes after it, such as a classifier, is left out."
      >
        {(id) => (
          <select
            id={id}
            data-testid="recipe-output"
            value={recipe.output}
            // Another output may have another shape, so its pooling is chosen anew.
            onChange={(event) => onChange({ output: event.target.value, inputSize, normalisation })}
          >
            {outputs.map(({ name, what }) => (
              <option key={name} value={name}>
                {visibleText(what === "" ? name : `${name} · ${what}`)}
              </option>
            ))}
          </select>
        )}
      </Field>
      {choices.length < 2 ? (
        <Field label="One vector an image" help="The output's shape leaves no choice.">
          {(id) => <output id={id}>{choices[0] === undefined ? "" : poolings[choices[0]]}</output>}
        </Field>
      ) : (
        <Field
          label="One vector an image"
          help="Tokens are what a vision transformer gives; its first one stands for the whole image."
        >
          {(id) => (
            <select
              id={id}
              data-testid="recipe-pooling"
              value={recipe.pooling ?? ""}
              onChange={(event) => choosePooling(event.target.value)}
            >
              <option value="">
                {choices.length > 2 ? "as its shape asks" : `${poolings[choices[0]!]} (usual)`}
              </option>
              {(choices.length > 2 ? choices : choices.slice(1)).map((pooling) => (
                <option key={pooling} value={pooling}>
                  {poolings[pooling]}
                </option>
              ))}
            </select>
          )}
        </Field>
      )}
      <Field
        label="Input size"
        help={
          fixedInputSize === null
            ? "Side of the images it gets, pixels. Smaller is faster; transformers take only the size they were trained at."
            : "Pixels; the file fixes it."
        }
        problem={problem}
      >
        {(id) => (
          <input
            id={id}
            type="number"
            data-testid="recipe-size"
            {...sides}
            step={1}
            disabled={fixedInputSize !== null}
            value={draft ?? recipe.inputSize}
            aria-invalid={problem !== ""}
            onChange={(event) => {
              setDraft(event.target.value);
              const side = Number(event.target.value);
              if (isSide(side)) onChange({ ...recipe, inputSize: side });
            }}
            onBlur={() => setDraft(null)}
          />
        )}
      </Field>
      <Field
        label="Pixels scaled to"
        help="As in its training. Wrong scaling does not fail, it makes a poor teacher: look it up where the file is from."
      >
        {(id) => (
          <select
            id={id}
            data-testid="recipe-normalisation"
            value={recipe.normalisation}
            onChange={(event) => onChange({ ...recipe, normalisation: event.target.value as Normalisation })}
          >
            {Object.entries(normalisations).map(([name, text]) => (
              <option key={name} value={name}>
                {text}
              </option>
            ))}
          </select>
        )}
      </Field>
    </fieldset>
  );
}

function isSide(side: number): boolean {
  return Number.isInteger(side) && side >= sides.min && side <= sides.max;
}

interface FieldProps {
  readonly label: string;
  readonly help: string;
  readonly problem?: string;
  readonly children: (id: string) => ReactNode;
}

function Field({ label, help, problem = "", children }: FieldProps) {
  const id = useId();
  return (
    <div className={styles.field}>
      <label htmlFor={id}>{label}</label>
      {children(id)}
      <p
        className={problem === "" ? styles.help : styles.problem}
        role={problem === "" ? undefined : "status"}
      >
        {problem === "" ? help : problem}
      </p>
    </div>
  );
}
