import { useStore } from "zustand";
import { SetupPanels } from "../shell/SetupPanels.tsx";
import { openStation, stationStore } from "./stationStore.ts";

/** For now all settings at once. */
export function StationPanel() {
  const open = useStore(stationStore, (state) => state.open);
  if (open === null) return null;
  return (
    <aside data-testid="station-panel" aria-label="Settings">
      <button type="button" onClick={() => openStation(null)}>
        Close
      </button>
      <SetupPanels />
    </aside>
  );
}
