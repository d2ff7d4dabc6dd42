import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";
import type { DatasetSummary } from "../../contract/dataset.ts";
import { visibleText } from "../../lib/visibleText.ts";
import type { Engine } from "../../contract/protocol.ts";
import { createThumbnailCache, type Thumbnail, type ThumbnailCache } from "../ingest/thumbnailCache.ts";
import { visibleRange } from "../widgets/visibleRange.ts";
import styles from "./Gallery.module.css";

/** Smallest side of a picture and the gap to the next, in CSS pixels. */
const leastSide = 48;
const gap = 4;

interface GalleryProps {
  readonly engine: Engine;
  readonly summary: DatasetSummary;
}

/** All images of the set; only those in sight exist in the page. Give it a `key` of the set's own. */
export function Gallery({ engine, summary }: GalleryProps) {
  const viewport = useRef<HTMLDivElement>(null);
  const [box, setBox] = useState({ width: 0, height: 0 });
  const [scrollTop, setScrollTop] = useState(0);
  const cache = useMemo(
    () => createThumbnailCache(engine, Math.min(summary.size, Math.ceil(leastSide * devicePixelRatio))),
    [engine, summary.size],
  );

  useLayoutEffect(() => {
    const element = viewport.current;
    if (element === null) return;
    const observer = new ResizeObserver(() =>
      setBox({ width: element.clientWidth, height: element.clientHeight }),
    );
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

  const range = visibleRange({ ...box, scrollTop, count: summary.count, side: leastSide, gap });
  const indices = Array.from({ length: range.end - range.first }, (_, i) => range.first + i);
  return (
    <div
      ref={viewport}
      className={styles.viewport}
      data-testid="gallery"
      tabIndex={0}
      role="list"
      aria-label={`${summary.count} images`}
      onScroll={(event) => setScrollTop(event.currentTarget.scrollTop)}
    >
      <div className={styles.canvas} style={{ height: range.totalHeight }} role="presentation">
        {indices.map((index) => (
          <Cell
            key={index}
            index={index}
            count={summary.count}
            cache={cache}
            labels={summary.labels}
            left={(index % range.columns) * range.pitch}
            top={Math.floor(index / range.columns) * range.pitch}
            side={range.pitch - gap}
          />
        ))}
      </div>
    </div>
  );
}

interface CellProps {
  readonly index: number;
  readonly count: number;
  readonly cache: ThumbnailCache;
  readonly labels: readonly string[];
  readonly left: number;
  readonly top: number;
  readonly side: number;
}

function Cell({ index, count, cache, labels, left, top, side }: CellProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [thumbnail, setThumbnail] = useState<Thumbnail | null>(null);
  useEffect(() => cache.watch(index, setThumbnail), [cache, index]);
  useEffect(() => {
    if (thumbnail !== null) canvas.current?.getContext("2d")?.putImageData(thumbnail.picture, 0, 0);
  }, [thumbnail]);
  const label = thumbnail === null ? undefined : labels[thumbnail.label];
  const text =
    thumbnail === null
      ? ""
      : visibleText(label === undefined ? thumbnail.name : `${thumbnail.name} (${label})`);
  return (
    <div
      className={styles.cell}
      style={{ left, top, width: side, height: side }}
      role="listitem"
      aria-setsize={count}
      aria-posinset={index + 1}
      aria-label={text}
      title={text}
    >
      <canvas ref={canvas} width={cache.side} height={cache.side} aria-hidden="true" />
    </div>
  );
}
