import { useEffect, type RefObject } from "react";
import { onMetrics } from "../metrics/metricArchive.ts";
import { addDrawing, requestDraw } from "../plots/drawLoop.ts";
import { runStore } from "../stores/runStore.ts";
import { stepPicturesStore } from "../stores/sightStore.ts";

/** Has a diagram drawn in the drawing loop whenever there are new numbers or pictures. */
export function useDiagramDrawing(
  host: RefObject<HTMLElement | null>,
  drawingOf: (element: HTMLElement) => () => void,
): void {
  useEffect(() => {
    const element = host.current;
    if (element === null) return undefined;
    const stops = [
      addDrawing(drawingOf(element)),
      onMetrics(requestDraw),
      runStore.subscribe(requestDraw),
      stepPicturesStore.subscribe(requestDraw),
    ];
    requestDraw();
    return () => stops.forEach((stop) => stop());
  }, [host, drawingOf]);
}
