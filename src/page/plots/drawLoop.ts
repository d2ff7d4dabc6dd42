/** Ten times a second is all a person can follow, and leaves the main thread alone. */
const drawEveryMs = 100;

const drawings = new Set<() => void>();
let scheduled = false;
let drawnMs = -Infinity;

/** Registers something to be redrawn whenever `requestDraw` was called. @returns a function that ends it. */
export function addDrawing(draw: () => void): () => void {
  drawings.add(draw);
  return () => void drawings.delete(draw);
}

/** Everything registered is drawn in an animation frame to come, at most ten times a second. */
export function requestDraw(): void {
  if (scheduled) return;
  scheduled = true;
  requestAnimationFrame(tick);
}

function tick(nowMs: number): void {
  if (nowMs - drawnMs < drawEveryMs) {
    requestAnimationFrame(tick);
    return;
  }
  scheduled = false;
  drawnMs = nowMs;
  for (const draw of [...drawings]) draw();
}
