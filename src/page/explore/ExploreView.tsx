import { useStore } from "zustand";
import { Gallery } from "../data/Gallery.tsx";
import { useEngine } from "../engine/EngineContext.tsx";
import { datasetStore } from "../stores/datasetStore.ts";
import { PictureViews } from "./PictureViews.tsx";
import { WhatItSees } from "./WhatItSees.tsx";
import styles from "./ExploreView.module.css";

/** Neighbours and pictures, large. */
export function ExploreView() {
  const engine = useEngine();
  const summary = useStore(datasetStore, (state) => state.summary);
  return (
    <div className={styles.explore}>
      <WhatItSees large>
        <PictureViews />
      </WhatItSees>
      <section className={`card ${styles.pictures}`} aria-labelledby="all-pictures">
        <h2 id="all-pictures">All pictures</h2>
        {summary === null ? (
          <p>No pictures have been read yet.</p>
        ) : (
          <Gallery key={summary.fingerprint} engine={engine} summary={summary} />
        )}
      </section>
    </div>
  );
}
