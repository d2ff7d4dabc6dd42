import { addDrawing, requestDraw } from "./drawLoop.ts";

interface Drawn {
  setSize(width: number, height: number): void;
}

/**
 * Keeps a plot as large as its place, and has it drawn in the drawing loop while it is in sight.
 *
 * @param draw fills the plot with what there is now.
 * @returns a function that ends it.
 */
export function keepDrawn(host: HTMLElement, plot: Drawn, draw: () => void): () => void {
  let isVisible = true;
  const resized = new ResizeObserver(([entry]) => {
    const { width, height } = entry?.contentRect ?? { width: 0, height: 0 };
    if (width > 0 && height > 0) plot.setSize(Math.floor(width), Math.floor(height));
    requestDraw();
  });
  resized.observe(host);
  const seen = new IntersectionObserver(([entry]) => {
    isVisible = entry?.isIntersecting ?? true;
    requestDraw();
  });
  seen.observe(host);
  const stop = addDrawing(() => {
    if (isVisible) draw();
  });
  requestDraw();
  return () => {
    stop();
    resized.disconnect();
    seen.disconnect();
  };
}
