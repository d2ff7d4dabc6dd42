import { createStore } from "zustand/vanilla";

interface OfflineState {
  /**
   * Whether the page opens without a network. `off`: it does not here, `offline/isolation.ts` says why. `keeping`: it is
   * being made so. `incomplete`: it could not be, and will be tried again with the next visit.
   */
  readonly state: "off" | "keeping" | "kept" | "incomplete";
  /** A new version of the site is whole on this machine and waits to be taken. */
  readonly updateWaits: boolean;
}

export const offlineStore = createStore<OfflineState>(() => ({ state: "off", updateWaits: false }));
