import { useEffect, type RefObject } from "react";
import { onMetrics } from "../metrics/metricArchive.ts";
import { runStore } from "../stores/runStore.ts";
import { addDrawing, requestDraw } from "./drawLoop.ts";

/** Calls `write` in the drawing loop whenever metrics or the state of the run have changed. */
export function useDrawing(ref: RefObject<HTMLElement | null>, write: (host: HTMLElement) => void): void {
  useEffect(() => {
    const host = ref.current;
    if (host === null) return undefined;
    const stops = [addDrawing(() => write(host)), onMetrics(requestDraw), runStore.subscribe(requestDraw)];
    requestDraw();
    return () => stops.forEach((stop) => stop());
  }, [ref, write]);
}

/** Changes the text of what is marked `data-figure={name}` inside, if it is another. */
export function writeText(host: HTMLElement, name: string, text: string): void {
  const element = host.querySelector(`[data-figure="${name}"]`);
  if (element !== null && element.textContent !== text) element.textContent = text;
}
