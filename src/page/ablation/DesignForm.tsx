import { useId, useState } from "react";
import { useStore } from "zustand";
import { ablationAxes, axisLabel, whyNoDifference } from "../../contract/ablationAxes.ts";
import {
  ablationAxisNames,
  axisOptions,
  type AblationAxis,
  type AblationDesign,
} from "../../contract/ablationDesign.ts";
import {
  continueAblation,
  pauseAblation,
  resumeAblation,
  startAblation,
  stopAblation,
} from "../commands/ablation.ts";
import { useEngine } from "../engine/EngineContext.tsx";
import { ablationIsGoing, ablationStore } from "../stores/ablationStore.ts";
import { configStore } from "../stores/configStore.ts";
import { runHistory } from "../stores/runHistory.ts";
import { runIsBusy, runStore } from "../stores/runStore.ts";
import { jobsLeft, planJobs } from "../trials/ablationJobs.ts";
import { describePlan } from "../trials/estimate.ts";
import { Icon } from "../widgets/Icon.tsx";
import styles from "./AblationView.module.css";
import { parseNumberList, parseValueList } from "./valueList.ts";

/** The design as it is being typed, valid or not. */
interface FormTexts {
  readonly axis: AblationAxis;
  readonly values: string;
  readonly seeds: string;
  readonly steps: string;
  readonly withTeacherless: boolean;
  readonly stopsHopeless: boolean;
}

/** What is varied, how often and for how long; how long it will take; and the buttons of the queue. */
export function DesignForm() {
  const { draft, status } = useStore(ablationStore);
  const config = useStore(configStore, (state) => state.config);
  const [known, setKnown] = useState(draft);
  const [texts, setTexts] = useState(() => textsOf(draft));
  if (known !== draft) {
    // It came from elsewhere: a link, a preset, an earlier visit.
    setKnown(draft);
    setTexts(textsOf(draft));
  }
  const read = readDesign(texts);
  const going = ablationIsGoing({ status });

  const change = (patch: Partial<FormTexts>): void => {
    const next = { ...texts, ...patch };
    setTexts(next);
    const parsed = readDesign(next);
    if (!("design" in parsed)) return;
    setKnown(parsed.design);
    ablationStore.setState({ draft: parsed.design });
  };
  const field = (name: "values" | "seeds" | "steps", label: string, className: string | undefined) => (
    <label className={styles.field}>
      {label}
      <input
        type="text"
        inputMode="decimal"
        className={className}
        data-testid={`ablation-${name}`}
        value={texts[name]}
        disabled={going}
        aria-invalid={"problem" in read && read.where === name}
        onChange={(event) => change({ [name]: event.target.value })}
      />
    </label>
  );
  const isNamed = axisOptions(texts.axis) !== null;
  const problem = "problem" in read ? read.problem : whyNoDifference(texts.axis, config);

  return (
    <>
      <div className={styles.form}>
        <label className={styles.field}>
          Vary
          <select
            data-testid="ablation-axis"
            value={texts.axis}
            disabled={going}
            onChange={(event) => {
              const axis = event.target.value as AblationAxis;
              change({ axis, values: ablationAxes[axis].usual.join(", ") });
            }}
          >
            {ablationAxisNames.map((name) => (
              <option key={name} value={name}>
                {axisLabel(name)}
              </option>
            ))}
          </select>
        </label>
        {isNamed ? null : field("values", "Values", styles.list)}
        {field("seeds", "Seeds", styles.short)}
        {field("steps", "Steps per run", styles.short)}
      </div>
      {isNamed ? (
        <NamedValues
          axis={texts.axis}
          chosen={texts.values}
          disabled={going}
          onChange={(values) => change({ values })}
        />
      ) : null}
      <div className={styles.options}>
        <Option
          testId="ablation-teacherless"
          label="Also train every seed without a teacher, as the line to beat"
          isOn={texts.withTeacherless}
          disabled={going}
          onChange={(withTeacherless) => change({ withTeacherless })}
        />
        <Option
          testId="ablation-hopeless"
          label="End runs early that are clearly worse"
          help="At half its length a run ends that is below the worst value’s mean so far by more than the longest interval; before two seeds of a value are done, none does."
          isOn={texts.stopsHopeless}
          disabled={going}
          onChange={(stopsHopeless) => change({ stopsHopeless })}
        />
      </div>
      {problem === null ? (
        <Plan />
      ) : (
        <p className={styles.problem} role="status">
          {problem}
        </p>
      )}
      <QueueButtons canStart={problem === null} />
    </>
  );
}

interface NamedValuesProps {
  readonly axis: AblationAxis;
  /** Names with commas between, in the order in which they are run and drawn. */
  readonly chosen: string;
  readonly disabled: boolean;
  readonly onChange: (chosen: string) => void;
}

function NamedValues({ axis, chosen, disabled, onChange }: NamedValuesProps) {
  const names = chosen.split(", ").filter((name) => name !== "");
  return (
    <fieldset className={styles.names} data-testid="ablation-names">
      <legend>Values, drawn in the order in which they are chosen</legend>
      {Object.entries(axisOptions(axis) ?? {}).map(([name, label]) => (
        <Option
          key={name}
          testId={`ablation-value-${name}`}
          label={label}
          isOn={names.includes(name)}
          disabled={disabled}
          onChange={(isOn) =>
            onChange((isOn ? [...names, name] : names.filter((other) => other !== name)).join(", "))
          }
        />
      ))}
    </fieldset>
  );
}

interface OptionProps {
  readonly testId: string;
  readonly label: string;
  /** By what rule, where the label does not say. */
  readonly help?: string;
  readonly isOn: boolean;
  readonly disabled: boolean;
  readonly onChange: (isOn: boolean) => void;
}

function Option({ testId, label, help, isOn, disabled, onChange }: OptionProps) {
  const id = useId();
  return (
    <div>
      <label className={styles.option}>
        <input
          type="checkbox"
          data-testid={testId}
          checked={isOn}
          disabled={disabled}
          aria-describedby={help === undefined ? undefined : id}
          onChange={(event) => onChange(event.target.checked)}
        />
        {label}
      </label>
      {help === undefined ? null : (
        <p id={id} className={styles.help}>
          {help}
        </p>
      )}
    </div>
  );
}

/** Beforehand, how much it is. */
function Plan() {
  const draft = useStore(ablationStore, (state) => state.draft);
  const status = useStore(ablationStore, (state) => state.status);
  const config = useStore(configStore, (state) => state.config);
  const runs = useStore(runHistory, (state) => state.runs);
  if (ablationIsGoing({ status })) return null;
  return (
    <p className={styles.lead} data-testid="ablation-plan">
      {describePlan(draft, config, runs)}
    </p>
  );
}

function QueueButtons({ canStart }: { readonly canStart: boolean }) {
  const engine = useEngine();
  const { draft, status, jobs } = useStore(ablationStore);
  const busy = useStore(runStore, (run) => runIsBusy(run));
  const going = ablationIsGoing({ status });
  const left = status === "stopped" ? jobsLeft(jobs).length : 0;
  const count = planJobs(draft).length;
  return (
    <>
      <div className={styles.buttons}>
        {left > 0 ? (
          <button
            type="button"
            data-testid="ablation-continue"
            disabled={busy}
            onClick={() => void continueAblation(engine)}
          >
            <Icon name="play" />
            {`Continue with ${left} ${left === 1 ? "run" : "runs"} left`}
          </button>
        ) : null}
        <button
          type="button"
          data-testid="ablation-start"
          disabled={busy || going || !canStart}
          onClick={() => void startAblation(engine)}
        >
          <Icon name="play" />
          {`Start ${count} ${count === 1 ? "run" : "runs"}${left > 0 ? " anew" : ""}`}
        </button>
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
      <p className="visually-hidden" data-testid="ablation-status" data-status={status}>
        {status}
      </p>
    </>
  );
}

function textsOf({ axis, values, seeds, steps, withTeacherless, stopsHopeless }: AblationDesign): FormTexts {
  return {
    axis,
    values: values.join(", "),
    seeds: seeds.join(", "),
    steps: String(steps),
    withTeacherless,
    stopsHopeless,
  };
}

type ReadDesign =
  | { readonly design: AblationDesign }
  | { readonly problem: string; readonly where: "values" | "seeds" | "steps" };

function readDesign(texts: FormTexts): ReadDesign {
  const { axis, withTeacherless, stopsHopeless } = texts;
  const values = parseValueList(texts.values, axis);
  if ("problem" in values) return { where: "values", problem: `Values: ${values.problem}` };
  const seeds = parseNumberList(texts.seeds, "seed");
  if ("problem" in seeds) return { where: "seeds", problem: `Seeds: ${seeds.problem}` };
  const steps = parseNumberList(texts.steps, "steps");
  const [count] = "problem" in steps ? [] : steps.values;
  if (count === undefined || ("values" in steps && steps.values.length !== 1))
    return { where: "steps", problem: "Steps: give one number, at least 1" };
  return {
    design: {
      axis,
      values: values.values,
      seeds: seeds.values,
      steps: count,
      withTeacherless,
      stopsHopeless,
    },
  };
}
