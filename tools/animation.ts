/** Takes docs/watch-it-see.gif: a run of the default demo in the real page, in a few seconds. `npm run animation`. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import gifenc from "gifenc";
import { PNG } from "pngjs";
import { repositoryRoot } from "./build.ts";
import { filmRun } from "./filmRun.ts";

/** Of the page, CSS pixels, and what becomes of one. */
const size = { width: 1280, height: 900, scale: 0.75 };
/** Steps from picture to picture. */
const stride = 8;
const frameMs = 120;
const firstMs = 1500;
const lastMs = 4000;
/** One of the 256 stands for what has not changed. */
const colours = 255;
const mostBytes = 2e6;

const pictures = await filmRun({
  ...size,
  isDue: ({ step, isOver }, taken) => isOver || step >= (taken.at(-1)?.step ?? 0) + stride,
  isEnough: (_, taken) => taken.at(-1)?.isOver === true,
});
const frames = pictures.map(({ png }) => PNG.sync.read(png));
const [first] = frames;
if (first === undefined) throw new Error("No picture was taken.");
const { width, height } = first;

// One palette for all, so that what stands still keeps its colours and need not be written again.
const samples = [0, 0.5, 1].map((share) => frames[Math.round(share * (frames.length - 1))] ?? first);
const palette = gifenc.quantize(Buffer.concat(samples.map(({ data }) => data)), colours);
const gif = gifenc.GIFEncoder();
let before: Uint8Array | null = null;
frames.forEach(({ data }, at) => {
  const indices = gifenc.applyPalette(data, palette);
  const former = before;
  const changed =
    former === null ? indices : indices.map((index, i) => (index === former[i] ? colours : index));
  const delay = at === 0 ? firstMs : at === frames.length - 1 ? lastMs : frameMs;
  const isFirst = former === null;
  gif.writeFrame(changed, width, height, {
    ...(isFirst ? { palette: [...palette, [0, 0, 0]] } : {}),
    delay,
    dispose: 1,
    ...(isFirst ? {} : { transparent: true, transparentIndex: colours }),
  });
  before = indices;
});
gif.finish();
const bytes = gif.bytes();
if (bytes.length > mostBytes)
  throw new Error(`The animation has ${bytes.length} bytes, more than ${mostBytes}: take fewer pictures.`);
const out = join(repositoryRoot, "docs", "watch-it-see.gif");
writeFileSync(out, bytes);
console.log(`Wrote ${out}: ${frames.length} pictures, ${(bytes.length / 1e6).toFixed(2)} MB`);
