import styles from "./StationContents.module.css";
import { StationSettings } from "./StationSettings.tsx";

export function StudentStation() {
  return (
    <>
      <p className={styles.intro}>
        The small network that is trained, and kept in the end. Beside it goes the mean student, a slow
        average of it, whose embeddings serve as keys. An embedding is the list of numbers a network turns a
        picture into.
      </p>
      <StationSettings station="student" />
    </>
  );
}
