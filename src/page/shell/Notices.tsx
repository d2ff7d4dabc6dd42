import { useStore } from "zustand";
import { takeUpdate } from "../offline/serviceWorkerClient.ts";
import { dismissNotice, noticeStore, type NoticeAction } from "../stores/noticeStore.ts";
import { Icon } from "../widgets/Icon.tsx";
import styles from "./Notices.module.css";

const actions: Readonly<Record<NoticeAction, { readonly label: string; readonly run: () => void }>> = {
  takeUpdate: { label: "Reload", run: () => void takeUpdate() },
};

/** The one place where the page speaks up. */
export function Notices() {
  const notices = useStore(noticeStore, (state) => state.notices);
  return (
    <div className={styles.notices} role="alert" data-testid="notices">
      {notices.map(({ id, kind, message, hint, details, action }) => (
        <div key={id} className={`${styles.notice} ${kind === "error" ? styles.error : ""}`}>
          <p className={styles.text}>
            {message} {hint === "" ? null : <span className={styles.hint}>{hint}</span>}
          </p>
          <button type="button" aria-label="Dismiss" onClick={() => dismissNotice(id)}>
            <Icon name="close" />
          </button>
          {action === null ? null : (
            <button
              type="button"
              className={styles.action}
              data-testid={action}
              onClick={actions[action].run}
            >
              {actions[action].label}
            </button>
          )}
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
