import { useEffect, useState } from "react";
import { useStore } from "zustand";
import { defaultConfig } from "../../contract/config.ts";
import type { DatasetSummary } from "../../contract/dataset.ts";
import { teacherPresets } from "../../contract/teacherPresets.ts";
import { lookUpTeacher, smallPhotoTeacher } from "../commands/lookUpTeacher.ts";
import { useEngine } from "../engine/EngineContext.tsx";
import { openStation } from "../stores/stationStore.ts";
import { configStore, replaceConfig } from "../stores/configStore.ts";
import { engineStore } from "../stores/engineStore.ts";
import { teacherStore } from "../stores/teacherStore.ts";
import { formatBytes } from "../widgets/formatNumbers.ts";
import styles from "./QualityQuestion.module.css";
import { describeMinutes, qualityChoices, qualityOf, secondsOf, type Quality } from "./qualityChoices.ts";

interface QualityQuestionProps {
  readonly summary: DatasetSummary;
  readonly disabled: boolean;
}

/** The one question about the visitor's own images. An answer sets the settings; nothing starts by itself. */
export function QualityQuestion({ summary, disabled }: QualityQuestionProps) {
  const config = useStore(configStore, (state) => state.config);
  const imagesPerSecond = useMeasuredSpeed(disabled);
  const images = summary.count;
  const choices = qualityChoices({ images, imagesPerSecond });
  // An answer from before the speed was known still stands, with the time that it takes.
  const chosen =
    qualityOf(config, choices) ?? qualityOf(config, qualityChoices({ images, imagesPerSecond: null }));
  const secondsFor = (quality: Quality): number | null =>
    chosen === quality ? secondsOf(config, imagesPerSecond) : choices[quality].seconds;

  const choose = (quality: Quality): void => {
    const { seed, splitSeed, teacher } = configStore.getState().config;
    // A teacher of one's own stays for better; the bundled one was made for small views.
    const kept = quality === "better" && teacher === "own" ? { teacher } : {};
    replaceConfig({ seed, splitSeed, ...choices[quality].patch, ...kept });
  };
  const option = (quality: Quality, title: string, text: string) => (
    <button
      type="button"
      className={styles.option}
      aria-pressed={chosen === quality}
      disabled={disabled}
      data-testid={`quality-${quality}`}
      onClick={() => choose(quality)}
    >
      <strong>
        {title}
        {secondsFor(quality) === null ? "" : `, ${describeMinutes(secondsFor(quality))}`}
      </strong>
      <span>{text}</span>
    </button>
  );

  return (
    <fieldset className={styles.question} data-testid="quality-question">
      <legend>How good should it be?</legend>
      {option("quick", "Quick", "32 px views, bundled teacher: learns colour and coarse shape.")}
      {option(
        "better",
        "Better",
        "96 px views, and the MobileNet teacher once you get it: sees detail. Measuring the teacher comes on top.",
      )}
      {chosen === "better" ? <BetterTeacher disabled={disabled} /> : null}
    </fieldset>
  );
}

/** What better wants beside its settings, on a click. */
function BetterTeacher({ disabled }: { readonly disabled: boolean }) {
  const hasOwnTeacher = useStore(configStore, (state) => state.config.teacher === "own");
  const isLoaded = useStore(teacherStore, ({ card }) => card !== null && card.source !== "bundled");
  const preset = teacherPresets.find(({ id }) => id === smallPhotoTeacher);
  if ((hasOwnTeacher && isLoaded) || preset === undefined) return null;
  return (
    <p className={styles.needed}>
      The bundled teacher is used until there is a better one.
      <button
        type="button"
        disabled={disabled}
        data-testid="get-better-teacher"
        onClick={() => {
          void lookUpTeacher(preset);
          openStation("teacher");
        }}
      >
        Get the MobileNet teacher
        {preset.roughBytes === null ? "" : ` (${formatBytes(preset.roughBytes)})`}
      </button>
    </p>
  );
}

/** Images a second with the default student, measured once for a backend while nothing else goes on; null until then. */
function useMeasuredSpeed(isBusy: boolean): number | null {
  const engine = useEngine();
  // Without a GPU or WebAssembly ten steps take longer than anyone waits for an estimate.
  const backend = useStore(engineStore, ({ status, report }) =>
    status === "ready" && report !== null && report.chosen !== "cpu"
      ? `${report.chosen} ${report.adapter}`
      : null,
  );
  const [measured, setMeasured] = useState(lastMeasured);
  const isKnown = backend === null || measured?.of === backend;
  useEffect(() => {
    if (isKnown || isBusy) return;
    let isWanted = true;
    const remember = (rate: number | null): void => {
      lastMeasured = { of: backend, rate };
      if (isWanted) setMeasured(lastMeasured);
    };
    // Whoever presses Start at once is not kept waiting.
    const timer = setTimeout(() => {
      engine.request("probe", { config: defaultConfig }).then(
        ({ imagesPerSecond }) => remember(imagesPerSecond),
        () => remember(null), // the question stands without its minutes
      );
    }, restMs);
    return () => {
      isWanted = false;
      clearTimeout(timer);
    };
  }, [engine, backend, isKnown, isBusy]);
  return measured !== null && measured.of === backend ? measured.rate : null;
}

/** For so long nothing else was asked of the engine. */
const restMs = 800;

/** Kept while the station is closed. */
let lastMeasured: { readonly of: string; readonly rate: number | null } | null = null;
