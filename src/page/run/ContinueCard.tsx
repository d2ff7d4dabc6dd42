import { useId } from "react";
import { useStore } from "zustand";
import { continueRun } from "../commands/continueRun.ts";
import { discardOffer } from "../commands/keptRuns.ts";
import { useEngine } from "../engine/EngineContext.tsx";
import { keptEntry, keptStore } from "../stores/keptStore.ts";
import { notifyError } from "../stores/noticeStore.ts";
import { runIsBusy, runStore } from "../stores/runStore.ts";
import styles from "./ContinueCard.module.css";

/** A tenth: what a run that diverged is offered to go on with. */
const gentler = 0.1;

/** A run that stopped without having come to its end, and the way on. */
export function ContinueCard() {
  const id = useId();
  const engine = useEngine();
  const offered = useStore(keptStore, (state) => state.offered);
  const entry = useStore(keptStore, () => keptEntry(offered));
  const busy = useStore(runStore, (run) => runIsBusy(run));
  if (entry === null || entry.checkpoint === null || busy) return null;
  const { record, checkpoint } = entry;
  const { end } = record.run.metrics;
  const diverged = end?.kind === "diverged" ? end : null;
  const learningRate = record.run.config.learningRate * gentler;
  return (
    <section className={`card ${styles.card}`} aria-labelledby={id} data-testid="continue-card">
      <h2 id={id}>
        {diverged === null
          ? `Your run stopped at step ${checkpoint.step} of ${checkpoint.totalSteps}.`
          : `Your run went wrong at step ${diverged.step}; as it was at step ${checkpoint.step} it is kept.`}
      </h2>
      <p className={styles.about}>
        “{record.name}” on “{record.run.dataset.name}”, kept{" "}
        {new Date(checkpoint.savedAt).toLocaleString("en", { dateStyle: "medium", timeStyle: "short" })}. It
        goes on just as if nothing had happened
        {diverged === null ? "" : `, at a learning rate of ${learningRate.toPrecision(2)}`}.
      </p>
      <div className={styles.buttons}>
        <button
          type="button"
          className={styles.main}
          data-testid="continue-run"
          onClick={() =>
            void continueRun(engine, offered, diverged === null ? {} : { patch: { learningRate } })
          }
        >
          Continue
        </button>
        <button
          type="button"
          data-testid="discard-run"
          onClick={() => void discardOffer(engine).catch(notifyError)}
        >
          Discard
        </button>
      </div>
    </section>
  );
}
