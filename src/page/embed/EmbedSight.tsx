import { useMemo } from "react";
import { useStore } from "zustand";
import type { DatasetSummary } from "../../contract/dataset.ts";
import { visibleText } from "../../lib/visibleText.ts";
import { lookAtImage } from "../commands/lookAround.ts";
import { useEngine } from "../engine/EngineContext.tsx";
import { NeighbourRow, useThumbnail } from "../explore/NeighbourRows.tsx";
import { createThumbnailCache } from "../ingest/thumbnailCache.ts";
import { sightStore } from "../stores/sightStore.ts";
import { Picture } from "../widgets/Picture.tsx";
import styles from "./EmbedSight.module.css";

const shown = 4;
const thumbnailSide = 64;

/** The nearest pictures of one, by the untrained student, the present one and the teacher; a click asks about another. */
export function EmbedSight({ summary }: { readonly summary: DatasetSummary }) {
  const engine = useEngine();
  const cache = useMemo(() => createThumbnailCache(engine, thumbnailSide), [engine]);
  const { index, lists } = useStore(sightStore);
  const asked = useThumbnail(cache, index);
  const row = {
    cache,
    summary,
    shown,
    missing: "",
    queryLabel: summary.labels.length > 1 && asked !== null && asked.label >= 0 ? asked.label : null,
    teachers: lists?.teacher ?? null,
    onPick: (picked: number): void => lookAtImage(engine, picked),
  };
  return (
    <section className={styles.sight} aria-label="What it sees" data-testid="what-it-sees">
      <p className={styles.asked}>
        <Picture rgba={asked?.picture.data ?? null} side={cache.side} />
        <span>most like “{asked === null ? "" : visibleText(asked.name)}”</span>
      </p>
      <NeighbourRow {...row} label="before" neighbours={lists?.before ?? null} />
      <NeighbourRow {...row} label="now" neighbours={lists?.now ?? null} />
      <NeighbourRow {...row} label="teacher" neighbours={lists?.teacher ?? null} />
    </section>
  );
}
