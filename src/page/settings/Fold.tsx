import type { ReactNode } from "react";
import styles from "./Fold.module.css";

interface FoldProps {
  readonly title: string;
  readonly testId?: string;
  readonly children: ReactNode;
}

/** What few need, one click away. */
export function Fold({ title, testId, children }: FoldProps) {
  return (
    <details className={styles.fold} data-testid={testId}>
      <summary>{title}</summary>
      <div className={styles.body}>{children}</div>
    </details>
  );
}
