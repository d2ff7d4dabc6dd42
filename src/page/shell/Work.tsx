import styles from "./App.module.css";
import { appVersion } from "../commands/exportRun.ts";
import { AblationPanel } from "../ablation/AblationPanel.tsx";
import { HistoryPanel } from "../run/HistoryPanel.tsx";
import { RunCharts } from "../plots/RunCharts.tsx";

/** What shows results. It is loaded when the controls have been painted, and stands below them, so nothing moves. */
export function Work() {
  return (
    <>
      <RunCharts />
      <AblationPanel />
      <HistoryPanel />
      <footer className={styles.footer}>
        DisCo Playground {appVersion}. Your images never leave this machine: nothing is ever sent, and only
        what you choose to download is read from elsewhere.
      </footer>
    </>
  );
}
