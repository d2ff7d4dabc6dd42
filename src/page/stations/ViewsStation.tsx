import styles from "./StationContents.module.css";
import { StationSettings } from "./StationSettings.tsx";
import { ViewPreview } from "./ViewPreview.tsx";

export function ViewsStation() {
  return (
    <>
      <p className={styles.intro}>
        Two random views of a picture, as the student sees them. The stronger the changes, the more it must
        look past them.
      </p>
      <ViewPreview />
      <StationSettings station="views" />
    </>
  );
}
