import { createStore } from "zustand/vanilla";

interface ShownRun {
  /** An earlier run that is looked at; empty for the current one. */
  readonly runId: string;
  /** Its student is there too, and answers for what is seen now. */
  readonly hasStudent: boolean;
}

export const shownRunStore = createStore<ShownRun>(() => ({ runId: "", hasStudent: false }));

export function showCurrentRun(): void {
  shownRunStore.setState({ runId: "", hasStudent: false });
}
