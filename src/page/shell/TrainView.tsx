import { lazy, Suspense } from "react";
import { WhatItSees } from "../explore/WhatItSees.tsx";
import { MethodDiagram } from "../method/MethodDiagram.tsx";
import { RunBar } from "../run/RunBar.tsx";
import { VerdictCard } from "../run/VerdictCard.tsx";
import { appVersion } from "../commands/exportRun.ts";
import styles from "./TrainView.module.css";

const ContinueCard = lazy(async () => ({
  default: (await import("../run/ContinueCard.tsx")).ContinueCard,
}));
const TakeAway = lazy(async () => ({ default: (await import("../export/TakeAway.tsx")).TakeAway }));
const RunCharts = lazy(async () => ({ default: (await import("../run/RunCharts.tsx")).RunCharts }));

/** What "Skip to the curves" leads to. */
export const curvesId = "curves";

/** Watch it see: the method, what the student makes of pictures, the curves, the verdict, and the student as files. */
export function TrainView() {
  return (
    <div className={styles.train}>
      <Suspense>
        <ContinueCard />
      </Suspense>
      <section className={`card ${styles.hero}`} aria-label="The method, live">
        <MethodDiagram />
        <RunBar />
      </section>
      <div className={styles.columns}>
        <div className={styles.column}>
          <WhatItSees />
          <VerdictCard />
          <Suspense>
            <TakeAway />
          </Suspense>
        </div>
        <div className={styles.curves} id={curvesId} tabIndex={-1}>
          <Suspense fallback={<div className={styles.reserved} />}>
            <RunCharts />
          </Suspense>
        </div>
      </div>
      <footer className={styles.footer}>
        DisCo Playground {appVersion}. Your pictures never leave this computer: nothing is ever sent, and only
        what you choose to download is read from elsewhere.
      </footer>
    </div>
  );
}
