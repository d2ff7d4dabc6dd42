import { lazy, Suspense } from "react";
import styles from "./App.module.css";
import { EngineContext } from "./EngineContext.tsx";
import type { EngineClient } from "./engineClient.ts";
import { Announcer } from "./panels/Announcer.tsx";
import { ErrorBoundary } from "./panels/ErrorBoundary.tsx";
import { Header } from "./panels/Header.tsx";
import { Notices } from "./panels/Notices.tsx";
import { RunBar, RunPanel } from "./panels/RunPanel.tsx";
import { SetupPanels } from "./panels/SetupPanels.tsx";

const Work = lazy(async () => ({ default: (await import("./Work.tsx")).Work }));

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
              <Suspense>
                <Work />
              </Suspense>
            </div>
          </main>
          <Announcer />
        </div>
      </EngineContext>
    </ErrorBoundary>
  );
}
