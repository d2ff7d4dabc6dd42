import { DataPanel } from "../data/DataPanel.tsx";
import { PresetPicker } from "../settings/PresetPicker.tsx";
import styles from "./StationContents.module.css";

export function DataStation() {
  return (
    <>
      <DataPanel />
      <PresetPicker />
      <p className={styles.intro}>
        Images without labels are enough. Every time an image is used, two random views of it are drawn; the
        networks should see that they are the same thing.
      </p>
    </>
  );
}
