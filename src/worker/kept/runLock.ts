import { AppError } from "../../contract/errors.ts";

const prefix = "kept run ";
/** A worker that has just been ended lets go of its locks a moment later; one that hung, two seconds later. */
const patienceMs = 5000;

/** Held while a run is going, so that no other tab goes on with it or deletes it. */
export interface RunLock {
  release(): void;
}

/** Of browsers that have them; elsewhere every run is this tab's. */
export type Locks = Pick<LockManager, "request" | "query">;

/** @throws AppError "busy" when another tab holds it, and goes on holding it. */
export async function lockRun(locks: Locks | null, runId: string, waitMs = patienceMs): Promise<RunLock> {
  if (locks === null) return { release: () => undefined };
  let release: () => void = () => undefined;
  const released = new Promise<void>((resolve) => (release = resolve));
  const patience = new AbortController();
  const timer = setTimeout(() => patience.abort(), waitMs);
  try {
    await new Promise<void>((resolve, reject) => {
      locks
        .request(`${prefix}${runId}`, { signal: patience.signal }, () => {
          resolve();
          return released;
        })
        .catch(reject);
    });
    return { release };
  } catch (cause) {
    throw new AppError("busy", "This run is going on in another tab.", {
      hint: "Go on there, or close that tab first.",
      cause,
    });
  } finally {
    clearTimeout(timer);
  }
}

/** Runs that some tab is at, this one among them. */
export async function lockedRuns(locks: Locks | null): Promise<ReadonlySet<string>> {
  const { held = [] } = (await locks?.query()) ?? {};
  const names = held.map(({ name = "" }) => name);
  return new Set(names.flatMap((name) => (name.startsWith(prefix) ? [name.slice(prefix.length)] : [])));
}
