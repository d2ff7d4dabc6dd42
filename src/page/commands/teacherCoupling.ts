import { createStore } from "zustand/vanilla";
import type { Config, ConfigPatch } from "../../contract/config.ts";
import { methods } from "../../contract/methods.ts";

type Pair = Pick<Config, "teacher" | "method">;

/** What one choice did to the other, so that the page can say it where it happened. */
interface Coupling {
  readonly before: Pair;
  readonly after: Pair;
}

export const couplingStore = createStore<{ readonly last: Coupling | null }>(() => ({ last: null }));

/** The method that learns without a teacher. */
const alone = "mocov2";

/**
 * Teacher and method as they go together once one of them is chosen: no teacher, and a method that needs one becomes
 * MoCo-v2; a method that needs one, and no teacher becomes the bundled one. A teacher chosen again after that brings
 * the former method back.
 */
function coupledChoice(now: Pair, change: Partial<Pair>, last: Coupling | null): Pair {
  const wanted: Pair = { ...now, ...change };
  if (methods[wanted.method].usesTeacher && wanted.teacher === "none")
    return change.method === undefined
      ? { teacher: "none", method: alone }
      : { method: change.method, teacher: "bundled" };
  const tookMethodAway = last !== null && isSame(last.after, now) && last.before.method !== last.after.method;
  if (tookMethodAway && change.teacher !== undefined && change.teacher !== "none")
    return { teacher: change.teacher, method: last.before.method };
  return wanted;
}

/** What goes along with a choice of teacher or method; remembered where it is more than was asked for. */
export function coupledPatch(now: Pair, change: Partial<Pair>): ConfigPatch {
  const { last } = couplingStore.getState();
  const after = coupledChoice(now, change, last);
  const surprises =
    (change.teacher ?? now.teacher) !== after.teacher || (change.method ?? now.method) !== after.method;
  const isReturn = last !== null && last.before.method === after.method && change.method === undefined;
  const before: Pair = { teacher: now.teacher, method: now.method };
  couplingStore.setState({ last: surprises && !isReturn ? { before, after } : null });
  return after;
}

/** What the last choice changed beside itself; null once anything has been chosen since. */
export function presentCoupling(last: Coupling | null, now: Pair): Coupling | null {
  return last !== null && isSame(last.after, now) ? last : null;
}

function isSame(a: Pair, b: Pair): boolean {
  return a.teacher === b.teacher && a.method === b.method;
}
