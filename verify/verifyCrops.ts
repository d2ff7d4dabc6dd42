import { centredCrop, cropSize, fits } from "../src/ml/augment/randomCrop.ts";
import { checkedEqual, type CheckRow } from "./checkRow.ts";
import { at, listAt, numberAt, type Fixture } from "./fixture.ts";

/** The ratio range of every case: torchvision's default, named in the fixture's rule. */
const ratio = [3 / 4, 4 / 3] as const;

/** Boxes from given draws of a 5_augment/random_parameters fixture. No backend takes part. */
export function verifyCrops(fixture: Fixture): CheckRow[] {
  return listAt(fixture.manifest, "cases").map((entry, i) => {
    const [height, width] = listAt(entry, "image_hw").map(Number) as [number, number];
    const draws = listAt(entry, "draws").map((draw) => {
      const size = cropSize(height, width, numberAt(draw, "area_fraction"), numberAt(draw, "log_ratio"));
      return {
        ours: [size.width, size.height, fits(size, height, width)],
        golden: [numberAt(draw, "w"), numberAt(draw, "h"), at(draw, "accepted") === true],
      };
    });
    const ours = draws.flatMap((draw) => draw.ours);
    const golden = draws.flatMap((draw) => draw.golden);
    const box = ["top", "left", "height", "width"].map((side) => numberAt(entry, side));
    if (at(entry, "fallback") === true) {
      const fallback = centredCrop(height, width, ratio);
      ours.push(fallback.top, fallback.left, fallback.height, fallback.width);
      golden.push(...box);
    } else {
      // Where an accepted box lies is the oracle's own draw; ours are as likely anywhere in the same range.
      const [top, left, boxHeight, boxWidth] = box as [number, number, number, number];
      ours.push(top >= 0 && top <= height - boxHeight && left >= 0 && left <= width - boxWidth);
      golden.push(true);
    }
    return checkedEqual(`crop ${i} of ${width}×${height}`, ours, golden);
  });
}
