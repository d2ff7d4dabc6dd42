import { createStore } from "zustand/vanilla";
import type { ErrorWire } from "../../contract/errors.ts";
import type { KeptList, KeptRunEntry } from "../../contract/keptRun.ts";

/** How often a run that is going is kept; 0 at a pause, at the end and when the page is left alone. */
export const keepEverySeconds = { default: 20, min: 0, max: 3600 } as const;

interface KeptState {
  /** What is kept on this machine; null before it is known. */
  readonly list: KeptList | null;
  /** The run that is offered to go on with; empty when none is. */
  readonly offered: string;
  readonly everySeconds: number;
  /** Why the present run cannot be kept; null when it can. */
  readonly problem: ErrorWire | null;
}

const storageKey = "keep-every-seconds";

export const keptStore = createStore<KeptState>(() => ({
  list: null,
  offered: "",
  everySeconds: rememberedSeconds(),
  problem: null,
}));

export function keepEvery(seconds: number): void {
  const { min, max } = keepEverySeconds;
  const everySeconds = Math.min(max, Math.max(min, Math.round(seconds)));
  if (!Number.isFinite(everySeconds)) return;
  try {
    localStorage.setItem(storageKey, String(everySeconds));
  } catch {
    // Storage is switched off; the choice lasts until the page closes.
  }
  keptStore.setState({ everySeconds });
}

/** As the engine takes it. */
export function keepEveryMs(): number {
  const { everySeconds } = keptStore.getState();
  return everySeconds === 0 ? Infinity : everySeconds * 1000;
}

export function keptEntry(runId: string): KeptRunEntry | null {
  return keptStore.getState().list?.runs.find(({ record }) => record.runId === runId) ?? null;
}

function rememberedSeconds(): number {
  try {
    const text = localStorage.getItem(storageKey);
    const seconds = Number(text);
    if (text !== null && seconds >= keepEverySeconds.min && seconds <= keepEverySeconds.max) return seconds;
  } catch {
    // As above, or no page at all.
  }
  return keepEverySeconds.default;
}
