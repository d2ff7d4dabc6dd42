import styles from "./FactList.module.css";

export interface Fact {
  readonly term: string;
  readonly text: string;
}

/** Short facts under each other, each with what it is about. */
export function FactList({ facts, testId }: { readonly facts: readonly Fact[]; readonly testId: string }) {
  return (
    <dl className={styles.facts} data-testid={testId}>
      {facts.map(({ term, text }, i) => (
        <div key={i} className={styles.fact}>
          <dt>{term}</dt>
          <dd>{text}</dd>
        </div>
      ))}
    </dl>
  );
}
