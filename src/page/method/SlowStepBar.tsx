import { useEffect } from "react";
import { useStore } from "zustand";
import { configStore } from "../stores/configStore.ts";
import { runStore } from "../stores/runStore.ts";
import styles from "./MethodDiagram.module.css";
import { endSlowStep, scenes, showScene, slowStepStore } from "./slowStep.ts";

/** Long enough to read a scene and look at it. */
const sceneMs = 6000;

/** What happens in the scene of a slow step that is lit, and the way on. It goes on by itself unless motion is unwanted. */
export function SlowStepBar() {
  const { replay, scene } = useStore(slowStepStore);
  const settings = useStore(configStore, (state) => state.config);
  const config = useStore(runStore, (run) => run.config) ?? settings;
  useEffect(() => {
    if (matchMedia("(prefers-reduced-motion: reduce)").matches || scene === scenes.length - 1)
      return undefined;
    const timer = setTimeout(() => showScene(scene + 1), sceneMs);
    return () => clearTimeout(timer);
  }, [scene]);
  if (replay === null) return null;
  return (
    <div className={`${styles.explanation} ${styles.slow}`} data-testid="slow-step">
      <p role="status" id="method-explanation">
        {scenes[scene]?.tell(replay, config)}
      </p>
      <div className={styles.slowButtons}>
        <button type="button" disabled={scene === 0} onClick={() => showScene(scene - 1)}>
          Back
        </button>
        <button type="button" data-testid="slow-next" onClick={() => showScene(scene + 1)}>
          {scene === scenes.length - 1 ? "Done" : "Next"}
        </button>
        {scene === scenes.length - 1 ? null : (
          <button type="button" onClick={endSlowStep}>
            Close
          </button>
        )}
      </div>
    </div>
  );
}
