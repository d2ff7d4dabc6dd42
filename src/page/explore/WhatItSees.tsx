import { useId, useMemo, useRef, type ReactNode } from "react";
import { Toolbar } from "react-aria-components/Toolbar";
import { useStore } from "zustand";
import type { DatasetSummary } from "../../contract/dataset.ts";
import { createPrng } from "../../lib/prng.ts";
import { visibleText } from "../../lib/visibleText.ts";
import { lookAtGiven, lookAtImage, neighbourCount } from "../commands/lookAround.ts";
import { toRgba } from "../commands/lookAtViews.ts";
import { useEngine } from "../engine/EngineContext.tsx";
import { createThumbnailCache, type ThumbnailCache } from "../ingest/thumbnailCache.ts";
import { datasetStore } from "../stores/datasetStore.ts";
import { notifyError } from "../stores/noticeStore.ts";
import { runHistory } from "../stores/runHistory.ts";
import { runStore } from "../stores/runStore.ts";
import { shownRunStore } from "../stores/shownRunStore.ts";
import { sightStore, type GivenPicture } from "../stores/sightStore.ts";
import { teacherStore } from "../stores/teacherStore.ts";
import { showView } from "../stores/viewStore.ts";
import { Picture } from "../widgets/Picture.tsx";
import { NeighbourRow, useThumbnail } from "./NeighbourRows.tsx";
import styles from "./Sight.module.css";
import { squarePicture } from "./squarePicture.ts";

/** Pictures to choose from without leafing through the set. */
const offered = 7;
const thumbnailSide = 64;
/** Where there is less room. */
const fewNeighbours = 6;

interface WhatItSeesProps {
  readonly large?: boolean;
  /** Between the picture and its neighbours. */
  readonly children?: ReactNode;
}

/** For a picture of the visitor's choice: its nearest pictures before training, now, and by the teacher. */
export function WhatItSees({ large = false, children }: WhatItSeesProps) {
  const id = useId();
  const summary = useStore(datasetStore, (state) => state.summary);
  return (
    <section
      className={`card ${styles.card}`}
      data-large={large}
      aria-labelledby={id}
      data-testid="what-it-sees"
    >
      <h2 id={id}>What it sees</h2>
      {summary === null ? (
        <p className={styles.lead}>The pictures of the set appear here when they have been read.</p>
      ) : (
        <Sight key={summary.fingerprint} summary={summary} large={large}>
          {children}
        </Sight>
      )}
    </section>
  );
}

interface SightProps {
  readonly summary: DatasetSummary;
  readonly large: boolean;
  readonly children: ReactNode;
}

function Sight({ summary, large, children }: SightProps) {
  const engine = useEngine();
  const cache = useMemo(() => createThumbnailCache(engine, thumbnailSide), [engine]);
  const { index, given, view, lists } = useStore(sightStore);
  const earlier = useEarlierRun();
  const pick = (picked: number): void => lookAtImage(engine, picked);
  const choices = useMemo(() => {
    const order = createPrng(7, "offered pictures").permutation(summary.count);
    return Array.from(order.slice(0, Math.min(offered, summary.count)));
  }, [summary.count]);
  const queryLabel = useQueryLabel(cache, index, given, summary);
  const isForeign = view !== null || given !== null;
  const shown = large ? neighbourCount : fewNeighbours;
  const row = { cache, summary, shown, onPick: pick, queryLabel, teachers: lists?.teacher ?? null };
  return (
    <>
      <p className={styles.lead}>
        {earlier === "" ? "" : `By the student of an earlier run, ${earlier}. `}
        {view !== null
          ? `The pictures of the set that each network finds most like ${visibleText(view.name)}.`
          : given !== null
            ? `The pictures of the set that each network finds most like “${visibleText(given.name)}”.`
            : summary.labels.length > 1
              ? "Which pictures does each network find most like this one? ✓ marks those of the same kind."
              : "Which pictures does each network find most like this one? ✓ marks those that the teacher finds too."}
      </p>
      <div className={styles.query}>
        {given === null ? <QueryPicture cache={cache} index={index} /> : <GivenView given={given} />}
        <Toolbar className={styles.choices ?? ""} aria-label="Other pictures">
          {choices.map((choice) => (
            <ChoiceButton
              key={choice}
              cache={cache}
              index={choice}
              chosen={given === null && choice === index}
              onPick={pick}
            />
          ))}
        </Toolbar>
        <div className={styles.acts}>
          {large ? null : (
            <button type="button" onClick={() => showView("explore")}>
              Its views
            </button>
          )}
          <TryPhoto side={summary.size} />
        </div>
      </div>
      {children}
      <NeighbourRow
        {...row}
        label="before"
        neighbours={lists?.before ?? null}
        missing={
          isForeign
            ? "the untrained student is asked about pictures of the set only"
            : "worked out in a moment"
        }
      />
      <NeighbourRow
        {...row}
        label={earlier === "" ? "now" : "its end"}
        neighbours={lists?.now ?? null}
        missing={<NowMissing isForeign={isForeign} />}
      />
      <NeighbourRow
        {...row}
        label="teacher"
        neighbours={lists?.teacher ?? null}
        missing={<TeacherMissing isForeign={isForeign} />}
      />
    </>
  );
}

/** Name of the earlier run whose student is looked through; empty without. */
function useEarlierRun(): string {
  const { runId, hasStudent } = useStore(shownRunStore);
  const name = useStore(runHistory, ({ runs }) => runs.find((run) => run.runId === runId)?.name ?? "");
  return hasStudent ? name : "";
}

function NowMissing({ isForeign }: { readonly isForeign: boolean }) {
  const isEarlier = useStore(shownRunStore, ({ hasStudent }) => hasStudent);
  const state = useStore(runStore, (run) => run.state);
  if (isEarlier || (isForeign && state === "ended")) return "worked out in a moment";
  return state === "idle" ? "Press Start and watch this row change" : "at the first evaluation";
}

function TeacherMissing({ isForeign }: { readonly isForeign: boolean }) {
  const none = useStore(runStore, (run) => run.config?.teacher === "none");
  const isLoaded = useStore(teacherStore, ({ card }) => card !== null);
  if (none) return "no teacher in this run";
  return isForeign && !isLoaded
    ? "when the teacher is loaded, at Start"
    : "when the teacher has seen the set";
}

/** Null where labels say nothing about the picture, or it is not known yet. */
function useQueryLabel(
  cache: ThumbnailCache,
  index: number,
  given: GivenPicture | null,
  summary: DatasetSummary,
): number | null {
  const thumbnail = useThumbnail(cache, index);
  if (given !== null || summary.labels.length < 2 || thumbnail === null || thumbnail.label < 0) return null;
  return thumbnail.label;
}

function QueryPicture({ cache, index }: { readonly cache: ThumbnailCache; readonly index: number }) {
  const thumbnail = useThumbnail(cache, index);
  return (
    <figure className={styles.chosen}>
      <Picture rgba={thumbnail?.picture.data ?? null} side={cache.side} />
      <figcaption>{thumbnail === null ? "" : visibleText(thumbnail.name)}</figcaption>
    </figure>
  );
}

function GivenView({ given }: { readonly given: GivenPicture }) {
  const rgba = useMemo(() => toRgba(given), [given]);
  return (
    <figure className={styles.chosen}>
      <Picture rgba={rgba} side={given.side} />
      <figcaption>{visibleText(given.name)}</figcaption>
    </figure>
  );
}

interface ChoiceProps {
  readonly cache: ThumbnailCache;
  readonly index: number;
  readonly chosen: boolean;
  readonly onPick: (index: number) => void;
}

function ChoiceButton({ cache, index, chosen, onPick }: ChoiceProps) {
  const thumbnail = useThumbnail(cache, index);
  return (
    <button
      type="button"
      className={styles.choice}
      aria-pressed={chosen}
      aria-label={`Look at ${thumbnail === null ? `picture ${index + 1}` : visibleText(thumbnail.name)}`}
      onClick={() => onPick(index)}
    >
      <Picture rgba={thumbnail?.picture.data ?? null} side={cache.side} />
    </button>
  );
}

/** A picture that belongs to no set, to see what the student makes of something new. */
function TryPhoto({ side }: { readonly side: number }) {
  const engine = useEngine();
  const input = useRef<HTMLInputElement>(null);
  const take = async (file: File): Promise<void> => {
    lookAtGiven(engine, await squarePicture(file, side));
  };
  return (
    <>
      <button type="button" onClick={() => input.current?.click()}>
        Try a new photo
      </button>
      <input
        ref={input}
        type="file"
        accept="image/*"
        hidden
        data-testid="try-photo"
        onChange={(event) => {
          const [file] = event.target.files ?? [];
          event.target.value = "";
          if (file !== undefined) take(file).catch(notifyError);
        }}
      />
    </>
  );
}
