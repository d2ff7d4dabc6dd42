import type { EngineClient } from "../engine/engineClient.ts";
import { engineStore } from "../stores/engineStore.ts";
import { runStore } from "../stores/runStore.ts";

/** An engine that is lost so often in so short a time is left to the visitor. */
const mostRecoveries = 3;
const withinMs = 120_000;

/**
 * Replaces an engine that is lost, or has lost its GPU, or falls silent while it opens a backend, unasked.
 *
 * @returns a function that ends it.
 */
export function recoverEngine(engine: EngineClient): () => void {
  const recoveries: number[] = [];
  let isRecovering = false;
  /** The run that was last seen going. */
  let lastGoing = { runId: "", isPaused: false };
  const recover = async (): Promise<void> => {
    const nowMs = performance.now();
    while (recoveries[0] !== undefined && nowMs - recoveries[0] > withinMs) recoveries.shift();
    if (isRecovering || recoveries.length >= mostRecoveries) return;
    recoveries.push(nowMs);
    isRecovering = true;
    try {
      const { restartEngine } = await import("./restartEngine.ts"); // seldom needed
      const { runId, isPaused } = lastGoing;
      await restartEngine(engine, isPaused && runId === runStore.getState().runId);
    } finally {
      isRecovering = false;
    }
  };
  const stopStore = runStore.subscribe((run) => {
    if (run.state === "running" || run.state === "paused")
      lastGoing = { runId: run.runId, isPaused: run.state === "paused" };
  });
  const stopEvents = engine.subscribe((event) => {
    if (event.type === "backendLost") void recover();
    // Firefox 153 without a GPU: one start of three stands still (docs/HOSTING.md), on threads. Nothing is lost yet.
    if (event.type === "silence" && event.silentMs > 0 && engineStore.getState().status === "opening") {
      engineStore.setState({ oneThread: true });
      void recover();
    }
  });
  return () => {
    stopStore();
    stopEvents();
  };
}
