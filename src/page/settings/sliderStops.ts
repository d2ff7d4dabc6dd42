import type { NumberSetting } from "../../contract/config.ts";

/** Sides of images go in steps of so many pixels: networks halve them several times. */
const pixelStep = 16;

/**
 * The values a slider for this setting stops at, rising; null where a slider would be of no use (a seed). Any other
 * value in the range can still be typed.
 *
 * A linear range has round steps. A logarithmic one has powers of two where the setting counts units of a network
 * (its published value is one), and 1-2-5 steps otherwise; its 0, if it has one, comes first,
 * and the default is always among them.
 */
export function sliderStops(setting: NumberSetting): readonly number[] | null {
  const { min, max, unit } = setting;
  if (setting.scale === "log") {
    const stops = isPowerOfTwo(setting.published ?? setting.default) ? powersOfTwo(max) : roundSteps(setting);
    const within = stops.filter((stop) => stop >= min && stop <= max && stop > 0);
    const all = new Set([...(min === 0 ? [0] : []), ...within, setting.default]);
    return [...all].sort((a, b) => a - b);
  }
  if (setting.integer === true) {
    if (unit === "px") {
      const sides = Array.from({ length: Math.floor(max / pixelStep) + 1 }, (_, i) => i * pixelStep);
      return sides.filter((side) => side >= min);
    }
    return max - min <= 64 ? Array.from({ length: max - min + 1 }, (_, i) => min + i) : null;
  }
  if (max - min > 10) return null;
  const step = 10 ** Math.round(Math.log10((max - min) / 100));
  const first = Math.ceil(min / step - 1e-9);
  const last = Math.floor(max / step + 1e-9);
  const stops = Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toFixed(6)));
  if (stops[0] !== min) stops.unshift(min);
  if (stops.at(-1) !== max) stops.push(max);
  return stops;
}

/** The index of the stop a value lies on or nearest to. */
export function nearestStop(stops: readonly number[], value: number): number {
  let nearest = 0;
  stops.forEach((stop, i) => {
    if (Math.abs(stop - value) < Math.abs(stops[nearest]! - value)) nearest = i;
  });
  return nearest;
}

function isPowerOfTwo(value: number | string): boolean {
  return typeof value === "number" && value > 1 && Number.isInteger(Math.log2(value));
}

function powersOfTwo(max: number): readonly number[] {
  return Array.from({ length: Math.floor(Math.log2(max)) + 1 }, (_, i) => 2 ** i);
}

/** 1-2-5 steps for whole numbers, finer ones over five decades below the maximum otherwise. */
function roundSteps({ max, integer }: NumberSetting): readonly number[] {
  const mantissas = integer === true ? [1, 2, 5] : [1, 1.5, 2, 3, 4, 5, 6, 8];
  const highest = Math.floor(Math.log10(max));
  const lowest = integer === true ? 0 : highest - 5;
  const stops: number[] = [];
  for (let power = lowest; power <= highest; power++)
    for (const mantissa of mantissas) stops.push(Number((mantissa * 10 ** power).toPrecision(3)));
  return stops;
}
