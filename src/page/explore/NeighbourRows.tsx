import { useEffect, useState, type ReactNode } from "react";
import { Toolbar } from "react-aria-components/Toolbar";
import type { DatasetSummary } from "../../contract/dataset.ts";
import type { Neighbour } from "../../contract/sight.ts";
import { visibleText } from "../../lib/visibleText.ts";
import type { Thumbnail, ThumbnailCache } from "../ingest/thumbnailCache.ts";
import { Picture } from "../widgets/Picture.tsx";
import styles from "./Sight.module.css";

interface RowProps {
  readonly label: string;
  /** What the row is when there is nothing in it. */
  readonly missing: ReactNode;
  readonly neighbours: readonly Neighbour[] | null;
  readonly shown: number;
  readonly cache: ThumbnailCache;
  readonly summary: DatasetSummary;
  /** Number of the query's label; null where labels say nothing about it. */
  readonly queryLabel: number | null;
  /** The teacher's neighbours: those it shares are marked where there are no labels. */
  readonly teachers: readonly Neighbour[] | null;
  readonly onPick: (index: number) => void;
}

/** Nearest pictures by one network, and how many of them are right. */
export function NeighbourRow(props: RowProps) {
  const { label, missing, neighbours, shown, cache, summary, queryLabel, teachers, onPick } = props;
  const few = neighbours?.slice(0, shown) ?? null;
  const labels = useLabels(cache, few);
  const isRight = (at: number, index: number): boolean | null => {
    if (queryLabel !== null) return labels[at] === undefined ? null : labels[at] === queryLabel;
    if (teachers === null || teachers === neighbours) return null;
    return teachers.some((other) => other.index === index);
  };
  const marks = few?.map(({ index }, at) => isRight(at, index)) ?? [];
  const right = marks.filter((mark) => mark === true).length;
  const counted = marks.some((mark) => mark !== null);
  return (
    <div className={styles.row} role="group" aria-label={`Nearest ${label}`}>
      <span className={styles.rowLabel}>{label}</span>
      <Toolbar className={styles.cells ?? ""} aria-label={`Pictures nearest ${label}`}>
        {Array.from({ length: shown }, (_, at) => {
          const neighbour = few?.[at];
          return neighbour === undefined ? (
            <span key={at} className={styles.blank} />
          ) : (
            <NeighbourCell
              key={at}
              index={neighbour.index}
              similarity={neighbour.similarity}
              mark={marks[at] ?? null}
              cache={cache}
              labels={summary.labels}
              onPick={onPick}
            />
          );
        })}
        {few === null ? <span className={styles.missing}>{missing}</span> : null}
      </Toolbar>
      <span className={styles.count} data-testid={`right-${label}`}>
        {counted ? `${right}/${few?.length ?? 0}` : ""}
      </span>
    </div>
  );
}

/** Numbers of the labels, as they become known. */
function useLabels(cache: ThumbnailCache, few: readonly Neighbour[] | null): readonly (number | undefined)[] {
  const key = few?.map(({ index }) => index).join() ?? "";
  const [known, setKnown] = useState<{
    readonly key: string;
    readonly labels: readonly (number | undefined)[];
  }>({
    key: "",
    labels: [],
  });
  useEffect(() => {
    const indices = key === "" ? [] : key.split(",").map(Number);
    const labels: (number | undefined)[] = indices.map(() => undefined);
    const stops = indices.map((index, at) =>
      cache.watch(index, ({ label }) => {
        labels[at] = label;
        if (labels.every((one) => one !== undefined)) setKnown({ key, labels: [...labels] });
      }),
    );
    return () => stops.forEach((stop) => stop());
  }, [cache, key]);
  return known.key === key ? known.labels : [];
}

interface CellProps {
  readonly index: number;
  readonly similarity: number;
  /** Whether it is right; null where nobody can say. */
  readonly mark: boolean | null;
  readonly cache: ThumbnailCache;
  readonly labels: readonly string[];
  readonly onPick: (index: number) => void;
}

function NeighbourCell({ index, similarity, mark, cache, labels, onPick }: CellProps) {
  const thumbnail = useThumbnail(cache, index);
  const label = thumbnail === null ? undefined : labels[thumbnail.label];
  const what = label ?? thumbnail?.name ?? "";
  return (
    <button
      type="button"
      className={styles.cell}
      data-right={mark ?? undefined}
      aria-label={`${visibleText(what)}, similarity ${similarity.toFixed(2)}${mark === null ? "" : mark ? ", right" : ", wrong"}`}
      onClick={() => onPick(index)}
    >
      <Picture rgba={thumbnail?.picture.data ?? null} side={cache.side} />
      {mark === true ? (
        <span className={styles.tick} aria-hidden="true">
          ✓
        </span>
      ) : null}
    </button>
  );
}

export function useThumbnail(cache: ThumbnailCache, index: number): Thumbnail | null {
  const [known, setKnown] = useState<{ readonly index: number; readonly thumbnail: Thumbnail } | null>(null);
  useEffect(() => cache.watch(index, (thumbnail) => setKnown({ index, thumbnail })), [cache, index]);
  return known?.thumbnail ?? null;
}
