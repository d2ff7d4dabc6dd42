import { createStore } from "zustand/vanilla";

/** An earlier run that is looked at; empty for the current one. */
export const shownRunStore = createStore<{ readonly runId: string }>(() => ({ runId: "" }));
