import { useStore } from "zustand";
import { dismissNotice, noticeStore } from "../stores/noticeStore.ts";
import { Icon } from "../widgets/Icon.tsx";
import styles from "./Notices.module.css";

/** The one place where the page speaks up. */
export function Notices() {
  const notices = useStore(noticeStore, (state) => state.notices);
  return (
    <div className={styles.notices} role="alert" data-testid="notices">
      {notices.map(({ id, kind, message, hint, details }) => (
        <div key={id} className={`${styles.notice} ${kind === "error" ? styles.error : ""}`}>
          <p className={styles.text}>
            {message} {hint === "" ? null : <span className={styles.hint}>{hint}</span>}
          </p>
          <button type="button" aria-label="Dismiss" onClick={() => dismissNotice(id)}>
            <Icon name="close" />
          </button>
          {details.length === 0 ? null : (
            <ul className={styles.details}>
              {details.map((detail, i) => (
                <li key={i}>{detail}</li>
              ))}
            </ul>
          )}
        </div>
      ))}
    </div>
  );
}
