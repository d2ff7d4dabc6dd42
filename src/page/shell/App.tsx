import { lazy, Suspense } from "react";
import styles from "./App.module.css";
import { EngineContext } from "../engine/EngineContext.tsx";
import type { EngineClient } from "../engine/engineClient.ts";
import { Announcer } from "./Announcer.tsx";
import { ErrorBoundary } from "./ErrorBoundary.tsx";
import { Header } from "./Header.tsx";
import { Notices } from "./Notices.tsx";
import { RunBar, RunPanel } from "../run/RunPanel.tsx";
import { SetupPanels } from "./SetupPanels.tsx";

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
