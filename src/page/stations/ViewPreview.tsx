import { useMemo, useState } from "react";
import { useStore } from "zustand";
import { useLookedAtViews } from "../explore/useLookedAtViews.ts";
import { configStore } from "../stores/configStore.ts";
import { datasetStore } from "../stores/datasetStore.ts";
import { Picture } from "../widgets/Picture.tsx";
import styles from "./StationContents.module.css";

/** The whole picture is shown at this side at least. */
const leastSide = 48;

/** Larger ones are drawn smooth. */
const mostPixelated = 64;

/** One picture and two views of it, drawn anew whenever a setting of theirs changes. */
export function ViewPreview() {
  const config = useStore(configStore, (state) => state.config);
  const summary = useStore(datasetStore, (state) => state.summary);
  const [picked, setPicked] = useState(0);
  const [draw, setDraw] = useState(0);
  const count = summary?.count ?? 0;
  const index = count === 0 ? 0 : picked % count;
  const fingerprint = summary?.fingerprint;
  const wholeSide = Math.max(config.imageSize, leastSide);

  // Other pictures under the same numbers are others.
  const looked = useMemo(
    () => (fingerprint === undefined || count === 0 ? null : { index, wholeSide }),
    [fingerprint, count, index, wholeSide],
  );
  const preview = useLookedAtViews(looked, draw);

  if (summary === null) return <p className={styles.muted}>There are no pictures yet to show views of.</p>;
  const isSmall = (side: number): string => (side <= mostPixelated ? ` ${styles.pixels}` : "");
  const shown = (rgba: Uint8ClampedArray<ArrayBuffer> | undefined, side: number) => (
    <Picture rgba={rgba ?? null} side={side} className={`${styles.view}${isSmall(side)}`} />
  );
  return (
    <>
      <div
        className={styles.views}
        data-testid="view-preview"
        role="group"
        aria-label="A picture and two views of it"
      >
        <figure>
          {shown(preview?.whole, preview?.wholeSide ?? 1)}
          <figcaption>Picture</figcaption>
        </figure>
        <figure>
          {shown(preview?.views[0], preview?.side ?? 1)}
          <figcaption>View 1</figcaption>
        </figure>
        <figure>
          {shown(preview?.views[1], preview?.side ?? 1)}
          <figcaption>View 2</figcaption>
        </figure>
      </div>
      <div className={styles.buttons}>
        <button type="button" onClick={() => setDraw(draw + 1)}>
          Draw others
        </button>
        <button type="button" disabled={count < 2} onClick={() => setPicked((picked + 37) % count)}>
          Another picture
        </button>
      </div>
    </>
  );
}
