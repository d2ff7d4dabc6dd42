import { useEffect, useState } from "react";
import { useStore } from "zustand";
import { AppError } from "../../contract/errors.ts";
import { lookAtViews, type LookedAt, type LookedAtViews } from "../commands/lookAtViews.ts";
import { useEngine } from "../engine/EngineContext.tsx";
import { configStore } from "../stores/configStore.ts";
import { engineStore } from "../stores/engineStore.ts";

/** Settings that change together, and a slider that moves, are answered once. */
const restMs = 120;

/**
 * A picture and two views of it by the present settings, drawn anew when either changes; null until they are there.
 *
 * @param looked to be the same object as long as it is the same picture; null looks at none.
 */
export function useLookedAtViews(looked: LookedAt | null, draw: number): LookedAtViews | null {
  const engine = useEngine();
  const config = useStore(configStore, (state) => state.config);
  const isReady = useStore(engineStore, ({ status }) => status === "ready");
  const [seen, setSeen] = useState<LookedAtViews | null>(null);

  useEffect(() => {
    if (looked === null || !isReady) return undefined;
    let isWanted = true;
    const timer = setTimeout(() => {
      lookAtViews(engine, config, looked, draw).then(
        (answer) => {
          if (isWanted) setSeen(answer);
        },
        (error: unknown) => {
          // Only a look: the images may have gone meanwhile.
          if (!(error instanceof AppError)) throw error;
        },
      );
    }, restMs);
    return () => {
      isWanted = false;
      clearTimeout(timer);
    };
  }, [engine, config, looked, draw, isReady]);
  return seen;
}
