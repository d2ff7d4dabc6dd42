import { createStore } from "zustand/vanilla";
import type { SettingName } from "../../contract/config.ts";
import type { XUnit } from "./plotStore.ts";
import { runHistory } from "./runHistory.ts";

/** As many curves as can be told from each other on one chart. */
export const mostChosen = 10;

/** Which runs are drawn over each other, and how. */
interface OverlayState {
  /** The run that has each of the colours; null where a colour is free. A run keeps its colour while it is chosen. */
  readonly slots: readonly (string | null)[];
  /** One more than can be drawn was asked for. */
  readonly isRefused: boolean;
  readonly xUnit: XUnit;
  readonly logX: boolean;
  /** The part of x in sight, in its unit; null = all of it. */
  readonly zoom: { readonly from: number; readonly to: number } | null;
  /** Weight of the moving average; 0 = none. */
  readonly smoothing: number;
  /** What runs are put into groups by; null = each for itself. */
  readonly groupBy: SettingName | null;
}

const noSlots: readonly null[] = Array.from({ length: mostChosen }, () => null);

export const overlayStore = createStore<OverlayState>(() => ({
  slots: noSlots,
  isRefused: false,
  xUnit: "step",
  logX: false,
  zoom: null,
  smoothing: 0.6,
  groupBy: null,
}));

/** Gives a run the first colour that is free, if there is one. */
export function chooseRun(runId: string): void {
  overlayStore.setState(({ slots }) => {
    if (slots.includes(runId)) return { isRefused: false };
    const free = slots.indexOf(null);
    if (free === -1) return { isRefused: true };
    return { slots: slots.with(free, runId), isRefused: false };
  });
}

export function dismissRun(runId: string): void {
  overlayStore.setState(({ slots }) => ({
    slots: slots.map((slot) => (slot === runId ? null : slot)),
    isRefused: false,
  }));
}

export function dismissAllRuns(): void {
  overlayStore.setState({ slots: noSlots, isRefused: false, zoom: null });
}

// A run that is gone leaves its colour to another.
runHistory.subscribe(({ runs }) => {
  const known = new Set(runs.map(({ runId }) => runId));
  for (const runId of overlayStore.getState().slots)
    if (runId !== null && !known.has(runId)) dismissRun(runId);
});
