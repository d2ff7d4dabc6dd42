import { useEffect, useState } from "react";
import { loadMetrics } from "../commands/keptRuns.ts";
import { useEngine } from "../engine/EngineContext.tsx";
import { hasMetricLog, metricLogOf } from "../metrics/metricArchive.ts";
import { requestDraw } from "../plots/drawLoop.ts";
import { notifyError } from "../stores/noticeStore.ts";
import type { RunRecord } from "../stores/runHistory.ts";
import { runStore } from "../stores/runStore.ts";

/**
 * Brings in the metrics of runs of earlier visits, one after another.
 *
 * @returns whether all that are kept are there; asking again when it changes shows what has come.
 */
export function useMetricLogs(runs: readonly RunRecord[]): boolean {
  const engine = useEngine();
  const [loaded, setLoaded] = useState<readonly RunRecord[] | null>(null);
  useEffect(() => {
    let isWanted = true;
    const load = async (): Promise<void> => {
      for (const { runId } of runs) {
        if (!isWanted) return;
        metricLogOf(runStore.getState().runId); // the present run's is not to be forgotten for others'
        if (!hasMetricLog(runId)) await loadMetrics(engine, runId);
      }
      if (!isWanted) return;
      setLoaded(runs);
      requestDraw();
    };
    load().catch(notifyError);
    return () => {
      isWanted = false;
    };
  }, [engine, runs]);
  return loaded === runs || runs.every(({ runId }) => hasMetricLog(runId));
}
