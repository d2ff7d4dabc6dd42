import type { ChartSeries } from "./chartData.ts";
import type { PlotTheme } from "./plotTheme.ts";
import { seriesDash } from "./plotTheme.ts";

/** A chart as it is on the screen, with its title above and its legend below, as a PNG. */
export async function chartImage(
  canvas: HTMLCanvasElement,
  title: string,
  series: readonly Pick<ChartSeries, "label" | "colour">[],
  theme: PlotTheme,
): Promise<Blob> {
  const scale = devicePixelRatio;
  const margin = 12 * scale;
  const line = 22 * scale;
  const image = document.createElement("canvas");
  image.width = canvas.width + 2 * margin;
  image.height = canvas.height + 2 * line + 2 * margin;
  const ctx = image.getContext("2d");
  if (ctx === null) throw new Error("no 2D canvas");
  ctx.fillStyle = theme.surface;
  ctx.fillRect(0, 0, image.width, image.height);
  ctx.textBaseline = "middle";
  ctx.fillStyle = theme.text;
  ctx.font = `600 ${14 * scale}px ${theme.font.replace(/^\S+ /, "")}`;
  ctx.fillText(title, margin, margin + line / 2);
  ctx.drawImage(canvas, margin, margin + line);

  ctx.font = `${12 * scale}px ${theme.font.replace(/^\S+ /, "")}`;
  const y = margin + line + canvas.height + line / 2;
  let x = margin;
  for (const { label, colour } of series) {
    ctx.strokeStyle = theme.series[colour];
    ctx.lineWidth = 2 * scale;
    ctx.setLineDash(seriesDash[colour].map((length) => length * scale));
    ctx.beginPath();
    ctx.moveTo(x, y);
    ctx.lineTo(x + 24 * scale, y);
    ctx.stroke();
    ctx.fillText(label, x + 30 * scale, y);
    x += 46 * scale + ctx.measureText(label).width;
  }
  return new Promise((resolve, reject) => {
    image.toBlob((blob) => {
      if (blob === null) reject(new Error("the canvas could not be encoded"));
      else resolve(blob);
    }, "image/png");
  });
}
