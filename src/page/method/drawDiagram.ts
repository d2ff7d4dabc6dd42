import { lastRow, type MetricLog } from "../metrics/metricLog.ts";
import { metricLogOf } from "../metrics/metricArchive.ts";
import { hasTeacher, runStore } from "../stores/runStore.ts";
import { stepPicturesStore } from "../stores/sightStore.ts";
import type { StepPictures } from "../../contract/sight.ts";
import type { MetricName } from "../../contract/metrics.ts";
import { drawPicture } from "../widgets/Picture.tsx";

/** Points of a loss's small curve. */
const sparkPoints = 48;
/** Its box, in units of the drawing. */
const spark = { width: 96, height: 24 };
/** The dial: a half circle about (60, 62) whose top is the teacher's direction. */
const dial = { x: 60, y: 62, radius: 46 };

/** @returns what writes the present step's pictures and numbers into a diagram. For the drawing loop, past React. */
export function diagramDrawing(host: HTMLElement): () => void {
  let drawn: StepPictures | null = null;
  return () => {
    const { pictures } = stepPicturesStore.getState();
    if (pictures !== null && pictures !== drawn) drawPictures(host, pictures);
    drawn = pictures;
    drawNumbers(host);
  };
}

function drawPictures(host: HTMLElement, { plain, views, side, name }: StepPictures): void {
  drawInto(host, "picture", plain, side);
  drawInto(host, "view1", views[0], side);
  drawInto(host, "view2", views[1], side);
  drawInto(host, "whole", plain, side);
  write(host, "pictureName", name);
}

function drawNumbers(host: HTMLElement): void {
  const run = runStore.getState();
  const log = metricLogOf(run.runId);
  const row = lastRow(log);

  const taught = run.config === null || hasTeacher(run.config);
  const cosine = taught && row !== null ? row.cosine : null;
  write(host, "cosine", cosine === null ? "–" : cosine.toFixed(2));
  const angle = cosine === null ? Math.PI / 2 : Math.acos(Math.max(-1, Math.min(1, cosine)));
  write(host, "angle", cosine === null ? "" : `${Math.round((angle * 180) / Math.PI)}° apart`);
  const at = { x: dial.x + dial.radius * Math.sin(angle), y: dial.y - dial.radius * Math.cos(angle) };
  set(host, "studentDot", "cx", at.x);
  set(host, "studentDot", "cy", at.y);
  set(host, "studentRay", "x2", at.x);
  set(host, "studentRay", "y2", at.y);

  for (const name of ["distillation", "contrastive"] as const) {
    const value = row?.[name] ?? null;
    write(host, name, value === null || value === 0 ? "–" : value.toFixed(2));
    const path = value === 0 ? "" : sparkline(log, name);
    const element = host.querySelector(`[data-draw="${name}Curve"]`);
    if (element !== null && element.getAttribute("d") !== path) element.setAttribute("d", path);
  }
  write(host, "step", row === null ? "" : `step ${row.step}`);
}

function drawInto(host: HTMLElement, name: string, rgba: Uint8ClampedArray<ArrayBuffer>, side: number): void {
  for (const canvas of host.querySelectorAll<HTMLCanvasElement>(`canvas[data-draw="${name}"]`))
    drawPicture(canvas, rgba, side);
}

function write(host: HTMLElement, name: string, text: string): void {
  const element = host.querySelector(`[data-draw="${name}"]`);
  if (element !== null && element.textContent !== text) element.textContent = text;
}

function set(host: HTMLElement, name: string, attribute: string, value: number): void {
  host.querySelector(`[data-draw="${name}"]`)?.setAttribute(attribute, value.toFixed(1));
}

/** A curve of few points from the first step to the last, each the mean of its stretch. */
function sparkline(log: MetricLog, name: MetricName): string {
  const column = log.column(name);
  if (column.length < 2) return "";
  const points = Math.min(sparkPoints, column.length);
  const means = Array.from({ length: points }, (_, i) => {
    const from = Math.floor((i * column.length) / points);
    const to = Math.max(from + 1, Math.floor(((i + 1) * column.length) / points));
    let sum = 0;
    for (let row = from; row < to; row++) sum += column[row]!;
    return sum / (to - from);
  }).filter(Number.isFinite);
  const low = Math.min(...means);
  const span = Math.max(...means) - low || 1;
  return means
    .map((value, i) => {
      const x = (i / Math.max(1, means.length - 1)) * spark.width;
      const y = spark.height - 2 - ((value - low) / span) * (spark.height - 4);
      return `${i === 0 ? "M" : "L"}${x.toFixed(1)} ${y.toFixed(1)}`;
    })
    .join("");
}
