import type { Move, Signals } from "./signals.ts";

/** How far a run is, by the measurement that says most to a visitor: accuracy, neighbours, likeness, losses. */
export function describeProgress(signals: Signals): string {
  const knn = describeKnn(signals);
  if (knn !== null) {
    // An accuracy that has not moved is not the whole story where the likeness has.
    const likeness = signals.sortsBetter === false ? describeCosine(signals) : null;
    return likeness === null ? knn : `${knn} ${likeness}`;
  }
  return (
    describeOverlap(signals) ??
    describeCosine(signals) ??
    describeTraining(signals) ??
    `${signals.steps} ${signals.steps === 1 ? "step" : "steps"} so far.`
  );
}

/** Networks see less than people in views of at most this side, pixels. */
const coarseSide = 64;

/** What else was measured, without what `evidence` has said already, and what can be seen at this size at all. */
export function describeFurther(signals: Signals, evidence: string): string {
  const { config, evaluations } = signals;
  if (evaluations.length === 0) return "";
  const measured = [describeOverlap(signals), describeCosine(signals), describeRank(signals)];
  const size =
    config.imageSize > coarseSide
      ? null
      : `At ${config.imageSize} px networks see colour and shape: trust those, not detail.`;
  return [...measured, size].filter((part) => part !== null && !evidence.includes(part)).join(" ");
}

function describeRank({ effectiveRank, plan }: Signals): string | null {
  if (effectiveRank === null || plan === null) return null;
  const { from, to } = effectiveRank;
  return `Its embeddings use about ${to.toFixed(0)} of ${plan.embeddingDim} dimensions (${from.toFixed(0)} before).`;
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
  return `Likeness to the teacher on pictures it never saw: ${plainFixed(cosine.to)} (${plainFixed(cosine.from)} before, 1 is equal).`;
}

function describeTraining({ trainCosine, contrastiveFromPeak, loss, steps }: Signals): string | null {
  const went = (what: string, { from, to }: Move): string =>
    `In ${steps} steps ${what} went from ${plainFixed(from)} to ${plainFixed(to)}`;
  if (trainCosine !== null) return `${went("the likeness to the teacher", trainCosine)} (1 is equal).`;
  if (contrastiveFromPeak !== null && contrastiveFromPeak.to < contrastiveFromPeak.from)
    return `The contrastive loss is down to ${plainFixed(contrastiveFromPeak.to)} from its peak of ${plainFixed(contrastiveFromPeak.from)}.`;
  return loss === null ? null : `${went("the loss", loss)}.`;
}

/** Two digits, a true minus sign, and no minus before nothing. */
function plainFixed(value: number): string {
  const text = Math.abs(value).toFixed(2);
  return value < 0 && Number(text) !== 0 ? `−${text}` : text;
}

/** 0.6134 → "61 %". */
export function percent(share: number): string {
  return `${Math.round(100 * share)} %`;
}
