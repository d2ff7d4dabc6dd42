import { useStore } from "zustand";
import { methods } from "../../contract/methods.ts";
import { configStore } from "../stores/configStore.ts";
import { CouplingNote } from "../teacher/CouplingNote.tsx";
import { lossesOf } from "./lossWords.ts";
import styles from "./StationContents.module.css";
import { StationSettings } from "./StationSettings.tsx";

export function ObjectiveStation() {
  const config = useStore(configStore, (state) => state.config);
  const { summary } = methods[config.method];
  return (
    <>
      <StationSettings
        station="objective"
        below={{
          method: (
            <>
              <p className={styles.muted}>{summary}</p>
              <CouplingNote />
            </>
          ),
        }}
      />
      <section className={styles.losses} aria-label="What is minimised" data-testid="losses">
        <h3>What is minimised</h3>
        {lossesOf(config).map(({ title, equation, words, citation }) => (
          <div key={title} className={styles.loss}>
            <strong>{title}</strong>
            {equation === "" ? null : <p className={styles.equation}>{equation}</p>}
            <p>{words}</p>
            <p className={styles.muted}>
              <Citation text={citation} />
            </p>
          </div>
        ))}
      </section>
    </>
  );
}

/** With a link to each paper on arXiv that it names. */
function Citation({ text }: { readonly text: string }) {
  return text.split(/(arXiv \d{4}\.\d{5})/).map((part, i) =>
    i % 2 === 0 ? (
      part
    ) : (
      <a key={part} href={`https://arxiv.org/abs/${part.slice(6)}`} target="_blank" rel="noreferrer">
        {part}
      </a>
    ),
  );
}
