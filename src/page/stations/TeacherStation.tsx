import { settings } from "../../contract/config.ts";
import { TeacherPanel } from "../teacher/TeacherPanel.tsx";
import styles from "./StationContents.module.css";
import { StationSettings } from "./StationSettings.tsx";

export function TeacherStation() {
  return (
    <>
      <p className={styles.intro}>{settings.teacher.help}</p>
      <TeacherPanel />
      <StationSettings station="teacher" />
    </>
  );
}
