import { useStore } from "zustand";
import { pauseRun, resumeRun, startRun, stepRun, stopRun } from "../commands/startRun.ts";
import { useEngine } from "../engine/EngineContext.tsx";
import { runIsBusy, runStore } from "../stores/runStore.ts";
import { Icon } from "../widgets/Icon.tsx";
import type { EmbedButton } from "./embedControls.ts";
import styles from "./EmbedView.module.css";

/** The buttons of a run that were left in. Start goes on where a run is paused. */
export function EmbedButtons({ buttons }: { readonly buttons: readonly EmbedButton[] }) {
  const engine = useEngine();
  const state = useStore(runStore, (run) => run.state);
  const preparing = useStore(runStore, (run) => run.preparing !== "");
  const busy = useStore(runStore, (run) => runIsBusy(run));
  const paused = state === "paused" && !preparing;
  const running = state === "running" || state === "starting";
  const all = {
    start: {
      icon: "play",
      text: paused ? "Go on" : "Start",
      isOff: busy && !paused,
      act: () => (paused ? resumeRun(engine) : startRun(engine)),
    },
    pause: { icon: "pause", text: "Pause", isOff: !running || preparing, act: () => pauseRun(engine) },
    step: { icon: "step", text: "Step", isOff: busy && !paused, act: () => stepRun(engine) },
    stop: { icon: "stop", text: "Stop", isOff: !busy, act: () => stopRun(engine) },
  } as const;
  return buttons.map((name) => {
    const { icon, text, isOff, act } = all[name];
    return (
      <button
        key={name}
        type="button"
        className={name === "start" ? styles.start : ""}
        data-testid={name}
        disabled={isOff}
        onClick={() => void act()}
      >
        <Icon name={icon} />
        {text}
      </button>
    );
  });
}
