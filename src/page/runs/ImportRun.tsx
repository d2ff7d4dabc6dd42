import { importBundle } from "../commands/runBundles.ts";
import { useEngine } from "../engine/EngineContext.tsx";
import { notifyError } from "../stores/noticeStore.ts";
import styles from "./RunsView.module.css";

/** For the zip of a run that was downloaded from a list like this one. */
export function ImportRun() {
  const engine = useEngine();
  return (
    <label className={styles.import}>
      Take in a run’s zip{" "}
      <input
        type="file"
        accept=".zip"
        data-testid="bundle-input"
        onChange={(event) => {
          const file = event.target.files?.[0];
          event.target.value = "";
          if (file !== undefined) void importBundle(engine, file).catch(notifyError);
        }}
      />
    </label>
  );
}
