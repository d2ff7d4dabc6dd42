import type { ChartSeries } from "./chartData.ts";
import type { PlotTheme } from "./plotTheme.ts";
import { seriesDash } from "./plotTheme.ts";

/** A chart as it is on the screen, with its title above and its legend below, as a PNG. */
export async function chartImage(
  canvas: HTMLCanvasElement,
  title: string,
  entries: readonly Pick<ChartSeries, "label" | "colour">[],
  theme: PlotTheme,
): Promise<Blob> {
  const scale = devicePixelRatio;
  const margin = 12 * scale;
  const line = 22 * scale;
  const image = document.createElement("canvas");
  const ctx = image.getContext("2d");
  if (ctx === null) throw new Error("no 2D canvas");
  const small = `${12 * scale}px ${theme.font.replace(/^\S+ /, "")}`;
  ctx.font = small;
  // As many entries to a row as fit.
  let [row, x] = [0, 0];
  const places = entries.map((entry) => {
    const width = 46 * scale + ctx.measureText(entry.label).width;
    if (x > 0 && x + width > canvas.width) [row, x] = [row + 1, 0];
    const place = { ...entry, row, x };
    x += width;
    return place;
  });
  image.width = canvas.width + 2 * margin;
  image.height = canvas.height + (2 + row) * line + 2 * margin;
  ctx.fillStyle = theme.surface;
  ctx.fillRect(0, 0, image.width, image.height);
  ctx.textBaseline = "middle";
  ctx.fillStyle = theme.text;
  ctx.font = `600 ${14 * scale}px ${theme.font.replace(/^\S+ /, "")}`;
  ctx.fillText(title, margin, margin + line / 2);
  ctx.drawImage(canvas, margin, margin + line);

  ctx.font = small;
  const legendTop = margin + line + canvas.height + line / 2;
  for (const { label, colour, row, x } of places) {
    const [left, y] = [margin + x, legendTop + row * line];
    ctx.strokeStyle = theme.series[colour];
    ctx.lineWidth = 2 * scale;
    ctx.setLineDash(seriesDash[colour].map((length) => length * scale));
    ctx.beginPath();
    ctx.moveTo(left, y);
    ctx.lineTo(left + 24 * scale, y);
    ctx.stroke();
    ctx.fillText(label, left + 30 * scale, y);
  }
  return new Promise((resolve, reject) => {
    image.toBlob((blob) => {
      if (blob === null) reject(new Error("the canvas could not be encoded"));
      else resolve(blob);
    }, "image/png");
  });
}
