import { lazy, Suspense, useEffect, useRef } from "react";
import { TabPanel, Tabs } from "react-aria-components/Tabs";
import { useStore } from "zustand";
import styles from "./App.module.css";
import { EngineContext } from "../engine/EngineContext.tsx";
import type { EngineClient } from "../engine/engineClient.ts";
import { StationPanel } from "../stations/StationPanel.tsx";
import { showView, viewNamed, viewStore } from "../stores/viewStore.ts";
import { Announcer } from "./Announcer.tsx";
import { ErrorBoundary } from "./ErrorBoundary.tsx";
import { Header } from "./Header.tsx";
import { Notices } from "./Notices.tsx";
import { curvesId, TrainView } from "./TrainView.tsx";

const AblationView = lazy(async () => ({
  default: (await import("../ablation/AblationView.tsx")).AblationView,
}));
const RunsView = lazy(async () => ({ default: (await import("../runs/RunsView.tsx")).RunsView }));
const ExploreView = lazy(async () => ({ default: (await import("../explore/ExploreView.tsx")).ExploreView }));

/** The shell: a header with the four views, the view, and at the side the settings of a station. */
export function App({ engine }: { readonly engine: EngineClient }) {
  const view = useStore(viewStore, (state) => state.view);
  const main = useRef<HTMLElement>(null);
  useEffect(() => {
    document.title =
      view === "train" ? "DisCo Playground" : `${view[0]!.toUpperCase()}${view.slice(1)} · DisCo Playground`;
  }, [view]);
  return (
    <ErrorBoundary>
      <EngineContext value={engine}>
        <div className={styles.skips}>
          <button type="button" onClick={() => main.current?.focus()}>
            Skip to the page
          </button>
          {view === "train" ? (
            <button type="button" onClick={() => document.getElementById(curvesId)?.focus()}>
              Skip to the curves
            </button>
          ) : null}
        </div>
        <Tabs
          className={styles.shell ?? ""}
          selectedKey={view}
          onSelectionChange={(key) => showView(viewNamed(String(key)) ?? "train")}
        >
          <Header />
          <main className={styles.main} ref={main} tabIndex={-1}>
            <Notices />
            <TabPanel id="train" className={styles.view ?? ""}>
              <TrainView />
            </TabPanel>
            <TabPanel id="ablation" className={styles.view ?? ""}>
              <Suspense>
                <AblationView />
              </Suspense>
            </TabPanel>
            <TabPanel id="runs" className={styles.view ?? ""}>
              <Suspense>
                <RunsView />
              </Suspense>
            </TabPanel>
            <TabPanel id="explore" className={styles.view ?? ""}>
              <Suspense>
                <ExploreView />
              </Suspense>
            </TabPanel>
          </main>
        </Tabs>
        <StationPanel />
        <Announcer />
      </EngineContext>
    </ErrorBoundary>
  );
}
