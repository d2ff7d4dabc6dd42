import styles from "./StationContents.module.css";
import { StationSettings } from "./StationSettings.tsx";

export function TrainingStation() {
  return (
    <>
      <p className={styles.intro}>How long, how fast, and how the student is evaluated while it learns.</p>
      <StationSettings station="training" />
    </>
  );
}
