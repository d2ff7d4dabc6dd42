import { createStore } from "zustand/vanilla";

/** What the page shows below its header. */
export const viewNames = ["train", "ablation", "runs", "explore"] as const;
export type ViewName = (typeof viewNames)[number];

export const viewStore = createStore<{ readonly view: ViewName }>(() => ({ view: "train" }));

export function showView(view: ViewName): void {
  viewStore.setState({ view });
}

/** @returns null for a name that is none of the views'. */
export function viewNamed(name: string): ViewName | null {
  return viewNames.find((view) => view === name) ?? null;
}
