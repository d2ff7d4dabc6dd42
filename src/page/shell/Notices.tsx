import { useState } from "react";
import { useStore } from "zustand";
import { takeUpdate } from "../offline/serviceWorkerClient.ts";
import { dismissNotice, noticeStore, type NoticeAction } from "../stores/noticeStore.ts";
import { Icon } from "../widgets/Icon.tsx";
import styles from "./Notices.module.css";

interface Action {
  readonly label: string;
  /** While it goes on, which ends with the page. */
  readonly busyLabel: string;
  readonly run: () => void;
}

const actions: Readonly<Record<NoticeAction, Action>> = {
  takeUpdate: { label: "Reload", busyLabel: "Reloading …", run: () => void takeUpdate() },
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
          {action === null ? null : <ActionButton action={action} />}
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

function ActionButton({ action }: { readonly action: NoticeAction }) {
  const [isBusy, setBusy] = useState(false);
  const { label, busyLabel, run } = actions[action];
  const start = (): void => {
    setBusy(true);
    run();
  };
  return (
    <button type="button" className={styles.action} data-testid={action} disabled={isBusy} onClick={start}>
      {isBusy ? busyLabel : label}
    </button>
  );
}
