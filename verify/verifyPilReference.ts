import {
  adjustBrightness,
  adjustContrast,
  adjustHue,
  adjustSaturation,
  toGrayscale,
} from "../src/ml/augment/colour.ts";
import { checked, type CheckRow } from "./checkRow.ts";
import { floatsOf, numberAt, objectAt, type Fixture } from "./fixture.ts";

/** How far our measured distance from PIL may be from the oracle's, in 1/255. */
const tolerance = 0.001;

const operations = {
  brightness: adjustBrightness,
  contrast: adjustContrast,
  saturation: adjustSaturation,
  hue: adjustHue,
} as const;

/**
 * A 5_augment/pil_uint8_reference fixture says how far torchvision's float pipeline is from PIL's 8-bit one, which
 * nobody should equal. Checked is that ours is exactly as far, in the colour operations; for crops and blurs the
 * fixture does not say all the parameters.
 */
export function verifyPilReference(fixture: Fixture): CheckRow[] {
  const rows: CheckRow[] = [];
  for (const [name, distance] of Object.entries(objectAt(fixture.manifest, "difference_to_float_pipeline"))) {
    const [, operation = "", amount] = /^([a-z]+?)(?:_([\d.-]+))?$/.exec(name) ?? [];
    const pixels = floatsOf(fixture, "in.image_u8").map((byte) => byte / 255);
    if (operation === "grayscale") toGrayscale(pixels, 0, pixels.length);
    else if (operation in operations && amount !== undefined)
      operations[operation as keyof typeof operations](pixels, 0, pixels.length, Number(amount));
    else continue;
    const differences = floatsOf(fixture, `pil.${name}`).map((byte, i) => Math.abs(byte - 255 * pixels[i]!));
    const largest = differences.reduce((most, difference) => Math.max(most, difference), 0);
    const mean = differences.reduce((sum, difference) => sum + difference, 0) / differences.length;
    rows.push(
      checked(
        `${name}: largest distance from PIL`,
        Math.abs(largest - numberAt(distance, "max_abs_in_1/255")),
        tolerance,
      ),
      checked(
        `${name}: mean distance from PIL`,
        Math.abs(mean - numberAt(distance, "mean_abs_in_1/255")),
        tolerance,
      ),
    );
  }
  return rows;
}
