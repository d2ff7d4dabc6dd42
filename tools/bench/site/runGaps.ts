import type { EngineEvent } from "../../../src/contract/protocol.ts";

/** One event of the engine as the page got it. */
export interface LoggedEvent {
  readonly type: EngineEvent["type"];
  readonly atMs: number;
  /** What a progress message is about; "" of other events. */
  readonly task: string;
  /** Of metrics: of each step its number, and when it ended by the engine's clock, which started with training. */
  readonly steps: readonly { readonly step: number; readonly elapsedMs: number }[];
}

/** A time in which the engine neither took a step nor said anything. */
export interface Gap {
  readonly ms: number;
  /** From the click on Start. */
  readonly fromMs: number;
  /** "step 12", "progress: Measuring the teacher", "evaluation". */
  readonly after: string;
  readonly before: string;
}

export interface RunGaps {
  /** From the click to the message that tells of the first step. */
  readonly firstStepMs: number;
  /** From the click to the end of the run. */
  readonly wholeMs: number;
  /** Between the click, steps, messages and the end; the longest first. */
  readonly gaps: readonly Gap[];
  /** The longest time between two messages; steps are told several at once. */
  readonly longestSilenceMs: number;
}

interface Moment {
  readonly atMs: number;
  readonly what: string;
}

/**
 * Where a run stood still. Steps ended by the engine's clock, whose zero is found from the message that came soonest
 * after its last step.
 *
 * @param clickMs when Start was clicked, by the clock of the events.
 * @throws Error when there was no step, or the run did not end.
 */
export function runGaps(events: readonly LoggedEvent[], clickMs: number): RunGaps {
  const since = events.filter(({ atMs }) => atMs >= clickMs);
  const first = since.find(({ type }) => type === "metrics");
  const end = since.find(({ type }) => type === "runEnded");
  if (first === undefined || end === undefined) throw new Error("the run took no step, or did not end");
  const ofRun = since.filter(({ atMs }) => atMs <= end.atMs);
  const messages: Moment[] = ofRun.map(({ type, atMs, task }) => ({
    atMs,
    what: task === "" ? type : `${type}: ${task}`,
  }));
  const lags = ofRun.flatMap(({ steps, atMs }) => {
    const last = steps.at(-1);
    return last === undefined ? [] : [atMs - last.elapsedMs];
  });
  const zeroMs = Math.min(...lags);
  const steps: Moment[] = ofRun.flatMap((event) =>
    event.steps.map(({ step, elapsedMs }) => ({ atMs: zeroMs + elapsedMs, what: `step ${step}` })),
  );
  const click = { atMs: clickMs, what: "the click" };
  return {
    firstStepMs: first.atMs - clickMs,
    wholeMs: end.atMs - clickMs,
    gaps: gapsBetween([click, ...messages, ...steps], clickMs),
    longestSilenceMs: gapsBetween([click, ...messages], clickMs)[0]?.ms ?? 0,
  };
}

function gapsBetween(moments: readonly Moment[], clickMs: number): Gap[] {
  const inOrder = [...moments].sort((a, b) => a.atMs - b.atMs);
  return inOrder
    .slice(1)
    .map(({ atMs, what }, i) => {
      const { atMs: fromMs, what: after } = inOrder[i] as Moment;
      return { ms: atMs - fromMs, fromMs: fromMs - clickMs, after, before: what };
    })
    .sort((a, b) => b.ms - a.ms);
}
