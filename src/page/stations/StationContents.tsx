import { useEffect, useRef } from "react";
import { useStore } from "zustand";
import { runIsBusy, runStore } from "../stores/runStore.ts";
import { ChangedList } from "./ChangedList.tsx";
import { DataStation } from "./DataStation.tsx";
import { MachineStation } from "./MachineStation.tsx";
import { ObjectiveStation } from "./ObjectiveStation.tsx";
import { settingTarget } from "./openSetting.ts";
import { SettingSearch } from "./SettingSearch.tsx";
import styles from "./StationContents.module.css";
import type { Station } from "../stores/stationStore.ts";
import { StudentStation } from "./StudentStation.tsx";
import { TeacherStation } from "./TeacherStation.tsx";
import { TrainingStation } from "./TrainingStation.tsx";
import { ViewsStation } from "./ViewsStation.tsx";

const contents = {
  data: DataStation,
  views: ViewsStation,
  student: StudentStation,
  teacher: TeacherStation,
  objective: ObjectiveStation,
  training: TrainingStation,
  machine: MachineStation,
} as const satisfies Record<Station, () => React.ReactNode>;

/** Search, what was changed, and one station's settings. */
export function StationContents({ station }: { readonly station: Station }) {
  const box = useRef<HTMLDivElement>(null);
  const target = useStore(settingTarget, (state) => state.target);
  const isBusy = useStore(runStore, (run) => runIsBusy(run));
  const Contents = contents[station];

  useEffect(() => {
    const place = target === null ? null : box.current?.querySelector(`[data-setting="${target.name}"]`);
    if (place === null || place === undefined) return;
    settingTarget.setState({ target: null });
    for (
      let fold = place.closest("details");
      fold !== null;
      fold = fold.parentElement?.closest("details") ?? null
    )
      fold.open = true;
    place.scrollIntoView({ block: "center" });
    const control =
      place.querySelector<HTMLElement>("select:enabled, input:enabled") ??
      place.querySelector<HTMLElement>("button:enabled");
    control?.focus({ preventScroll: true });
  }, [station, target]);

  return (
    <div className={styles.contents} ref={box}>
      <SettingSearch />
      <ChangedList />
      <div className={styles.station} key={station}>
        <Contents />
      </div>
      {isBusy && station !== "machine" ? (
        <p className={styles.note} role="note" data-testid="run-note">
          A run is going, so only settings marked “live” can change now. Stop it to change the others.
        </p>
      ) : null}
    </div>
  );
}
