import type { EngineProgress } from "../stores/engineStore.ts";
import type { CurrentRun } from "../stores/runStore.ts";
import { formatShare } from "../widgets/formatNumbers.ts";

/** A run's state in words, with the next move where there is one. */
export interface RunDescription {
  readonly text: string;
  readonly hint: string;
  /** Which keys do something now; empty where none do. */
  readonly keys: string;
  readonly alarming: boolean;
}

export function describeRun(
  run: CurrentRun & { readonly preparing: string },
  progress: EngineProgress | null,
): RunDescription {
  const calm = (text: string, hint = "", keys = ""): RunDescription => ({
    text,
    hint,
    keys,
    alarming: false,
  });
  const doing = progress === null ? "" : `${progress.task} ${progress.done}/${progress.total}`;
  if (run.preparing !== "") return calm(`starting: ${doing === "" ? run.preparing : doing}`);
  switch (run.state) {
    case "idle":
      return calm("ready", "Start trains the student.", "Space starts and pauses, → takes one step.");
    case "starting":
      return calm(
        `starting: ${doing === "" ? "building the networks, measuring the untrained student" : doing}`,
      );
    case "running":
      return calm(doing === "" ? "running" : `running: ${doing}`);
    case "paused":
      return run.step > 0 && run.step === run.plan?.totalSteps
        ? calm("paused", "All steps are taken: Resume ends the run.")
        : calm("paused", "", "→ takes one step, Space goes on.");
    case "ended":
      return describeEnd(run);
  }
}

/** What every button but Stop does after a run. */
const anew = "Start and Step begin a new run.";

function describeEnd({ end, step, baseline, evaluations }: CurrentRun): RunDescription {
  const steps = `${step} ${step === 1 ? "step" : "steps"}`;
  switch (end?.kind) {
    case "finished": {
      const knn = evaluations.at(-1)?.knn ?? null;
      const untrained = baseline?.untrainedKnn ?? null;
      const learnt =
        knn === null || untrained === null
          ? ""
          : `kNN accuracy went from ${formatShare(untrained)} (untrained) to ${formatShare(knn)}.`;
      return {
        text: `ended: finished after ${steps}`,
        hint: `${learnt} ${anew}`.trim(),
        keys: "",
        alarming: false,
      };
    }
    case "diverged":
      return {
        text: `ended: diverged at step ${end.step}. ${end.message}`,
        hint: end.hint,
        keys: "",
        alarming: true,
      };
    case "failed":
      return {
        text: `ended: failed. ${end.error.message}`,
        hint: end.error.hint ?? "",
        keys: "",
        alarming: true,
      };
    case "stopped":
    case undefined:
      return {
        text: `ended: stopped after ${steps}`,
        hint: `Download what it has learnt so far below. ${anew}`,
        keys: "",
        alarming: false,
      };
  }
}
