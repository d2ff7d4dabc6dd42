import { createStore } from "zustand/vanilla";

/** A part of the method; its settings open as a panel at the side. */
export type Station = "data" | "views" | "student" | "teacher" | "objective" | "training" | "machine";

/** The station whose settings are open; null while none are. */
export const stationStore = createStore<{ readonly open: Station | null }>(() => ({ open: null }));

export function openStation(station: Station | null): void {
  stationStore.setState({ open: station });
}
