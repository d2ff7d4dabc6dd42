import type { Move, Signals } from "./signals.ts";

/** How far a run is, by the measurement that says most to a visitor: accuracy, neighbours, likeness, losses. */
export function describeProgress(signals: Signals): string {
  return (
    describeKnn(signals) ??
    describeOverlap(signals) ??
    describeCosine(signals) ??
    describeTraining(signals) ??
    `${signals.steps} ${signals.steps === 1 ? "step" : "steps"} so far.`
  );
}

function describeKnn({ knn, baseline }: Signals): string | null {
  if (knn === null || baseline === null) return null;
  const others = [`${percent(knn.from)} before training`];
  if (baseline.teacherKnn !== null) others.push(`the teacher ${percent(baseline.teacherKnn)}`);
  else if (baseline.chance !== null) others.push(`${percent(baseline.chance)} by guessing`);
  return `It sorts ${percent(knn.to)} of pictures it never saw correctly (${others.join(", ")}).`;
}

function describeOverlap({ overlap }: Signals): string | null {
  if (overlap === null) return null;
  const digits = Math.round(10 * overlap.to) === Math.round(10 * overlap.from) ? 1 : 0;
  const [now, before] = [overlap.to, overlap.from].map((share) => (10 * share).toFixed(digits));
  const verb = now === "1" ? "is" : "are";
  return `Of pictures it never saw, ${now} of the 10 nearest ${verb} the teacher's (${before} before).`;
}

function describeCosine({ cosine }: Signals): string | null {
  if (cosine === null) return null;
  return `Likeness to the teacher on pictures it never saw: ${cosine.to.toFixed(2)} (${cosine.from.toFixed(2)} before, 1 is equal).`;
}

function describeTraining({ trainCosine, loss, steps }: Signals): string | null {
  const went = (what: string, move: Move, digits: number): string =>
    `In ${steps} steps ${what} went from ${move.from.toFixed(digits)} to ${move.to.toFixed(digits)}`;
  if (trainCosine !== null) return `${went("the likeness to the teacher", trainCosine, 2)} (1 is equal).`;
  return loss === null ? null : `${went("the loss", loss, 2)}.`;
}

/** 0.6134 → "61 %". */
export function percent(share: number): string {
  return `${Math.round(100 * share)} %`;
}
