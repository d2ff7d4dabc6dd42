import type { ImageBlock } from "../../contract/dataset.ts";
import { demoLabels, drawDemoImage } from "./demoSet.ts";

/** The demo set in blocks for an `ImageStore`, so that its maker can say how far it is and let others have a turn. */
export function* demoBlocks(
  set: { readonly seed: number; readonly count: number; readonly size: number },
  blockImages = 128,
): Generator<ImageBlock, void> {
  const imageBytes = set.size * set.size * 3;
  const digits = String(set.count - 1).length;
  for (let first = 0; first < set.count; first += blockImages) {
    const images = Math.min(blockImages, set.count - first);
    const pixels = new Uint8Array(images * imageBytes);
    const classes = new Int16Array(images);
    const names: string[] = [];
    for (let i = 0; i < images; i++) {
      const image = drawDemoImage(set.seed, first + i, set.size);
      pixels.set(image.pixels, i * imageBytes);
      classes[i] = image.label;
      names.push(`${demoLabels[image.label]}/${String(first + i).padStart(digits, "0")}`);
    }
    yield { size: set.size, pixels, classes, names };
  }
}
