/** Ten times a second is all a person can follow, and leaves the main thread alone. */
const drawEveryMs = 100;
/** What is not drawn in a frame after so long is drawn in the next. */
const frameMs = 10;

const drawings = new Set<() => void>();
/** Still to be drawn of this round. */
let waiting: (() => void)[] = [];
let wanted = false;
let ticking = false;
let drawnMs = -Infinity;

/** Registers something to be redrawn whenever `requestDraw` was called. @returns a function that ends it. */
export function addDrawing(draw: () => void): () => void {
  drawings.add(draw);
  return () => void drawings.delete(draw);
}

/** Everything registered is drawn in animation frames to come, at most ten times a second. */
export function requestDraw(): void {
  wanted = true;
  if (ticking) return;
  ticking = true;
  requestAnimationFrame(tick);
}

function tick(nowMs: number): void {
  if (wanted && waiting.length === 0 && nowMs - drawnMs >= drawEveryMs) {
    wanted = false;
    drawnMs = nowMs;
    waiting = [...drawings];
  }
  const endMs = performance.now() + frameMs;
  try {
    while (waiting.length > 0 && performance.now() < endMs) {
      const draw = waiting.shift();
      if (draw !== undefined && drawings.has(draw)) draw();
    }
  } finally {
    ticking = wanted || waiting.length > 0;
    if (ticking) requestAnimationFrame(tick);
  }
}
