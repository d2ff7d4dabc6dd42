import type { ReactNode } from "react";
import styles from "./Panel.module.css";

interface PanelProps {
  readonly id: string;
  readonly title: string;
  /** What is set, in a few words; shown beside the title. */
  readonly brief: string;
  /** One or two sentences for someone who meets this for the first time. */
  readonly intro?: ReactNode;
  readonly startsOpen: boolean;
  readonly children: ReactNode;
}

/** One station on the way Data → Teacher → Student → Objective → Run; folds away to its title and brief. */
export function Panel({ id, title, brief, intro, startsOpen, children }: PanelProps) {
  return (
    <details className={styles.panel} id={id} open={startsOpen}>
      <summary className={styles.summary}>
        <h2>{title}</h2>
        <span className={styles.brief}>{brief}</span>
      </summary>
      <div className={styles.body}>
        {intro === undefined ? null : <p className={styles.intro}>{intro}</p>}
        {children}
      </div>
    </details>
  );
}
