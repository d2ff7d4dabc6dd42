import { createStore } from "zustand/vanilla";

/** Time to think better of it. */
const undoMs = 10_000;

interface DeletedRuns {
  /** Runs that are about to go. A page that is closed before then leaves them. */
  readonly runIds: ReadonlySet<string>;
}

export const deletedRuns = createStore<DeletedRuns>(() => ({ runIds: new Set() }));

const timers = new Map<string, ReturnType<typeof setTimeout>>();

/** Has `drop` called in a while, unless it is undone. */
export function deleteLater(runId: string, drop: () => void): void {
  undoDelete(runId);
  timers.set(
    runId,
    setTimeout(() => {
      undoDelete(runId);
      drop();
    }, undoMs),
  );
  change((runIds) => runIds.add(runId));
}

export function undoDelete(runId: string): void {
  clearTimeout(timers.get(runId));
  timers.delete(runId);
  change((runIds) => runIds.delete(runId));
}

function change(apply: (runIds: Set<string>) => void): void {
  const runIds = new Set(deletedRuns.getState().runIds);
  apply(runIds);
  deletedRuns.setState({ runIds });
}
