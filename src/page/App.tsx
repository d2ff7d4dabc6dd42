import styles from "./App.module.css";
import { appVersion } from "./commands/exportRun.ts";
import { EngineContext } from "./EngineContext.tsx";
import type { EngineClient } from "./engineClient.ts";
import { AblationPanel } from "./panels/AblationPanel.tsx";
import { Announcer } from "./panels/Announcer.tsx";
import { ErrorBoundary } from "./panels/ErrorBoundary.tsx";
import { Header } from "./panels/Header.tsx";
import { HistoryPanel } from "./panels/HistoryPanel.tsx";
import { Notices } from "./panels/Notices.tsx";
import { RunBar, RunPanel } from "./panels/RunPanel.tsx";
import { SetupPanels } from "./panels/SetupPanels.tsx";
import { RunCharts } from "./plots/RunCharts.tsx";

/** The shell: what is set on one side, what happens on the other. */
export function App({ engine }: { readonly engine: EngineClient }) {
  return (
    <ErrorBoundary>
      <EngineContext value={engine}>
        <div className={styles.shell}>
          <Header />
          <Notices />
          <main className={styles.layout}>
            <div className={styles.controls}>
              <RunBar />
            </div>
            <div className={styles.setup} role="group" aria-label="Set-up">
              <SetupPanels />
            </div>
            <div className={styles.work}>
              <RunPanel />
              <RunCharts />
              <AblationPanel />
              <HistoryPanel />
              <footer className={styles.footer}>
                DisCo Playground {appVersion}. Your images never leave this machine: the page may connect to
                nothing but its own files.
              </footer>
            </div>
          </main>
          <Announcer />
        </div>
      </EngineContext>
    </ErrorBoundary>
  );
}
