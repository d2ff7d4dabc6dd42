/** Where things go in the figure of a metric against a dimension, in the units of its view box. */
export interface DimensionScale {
  /** Logarithmic; a dimension of 0 ("no hidden layer") stands apart on the left. */
  readonly x: (value: number) => number;
  readonly y: (value: number) => number;
  readonly yTicks: readonly number[];
}

export interface Frame {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/**
 * @param values dimensions, rising, at least one.
 * @param ys everything that must be seen.
 */
export function dimensionScale(
  values: readonly number[],
  ys: readonly number[],
  frame: Frame,
): DimensionScale {
  const positive = values.filter((value) => value > 0);
  const hasZero = positive.length < values.length;
  const low = Math.log2(Math.min(...positive, Infinity));
  const high = Math.log2(Math.max(...positive, -Infinity));
  // 0 takes the place of one doubling and a half below the smallest.
  const from = hasZero && positive.length > 0 ? low - 1.5 : low;
  const inset = 24;
  const x = (value: number): number => {
    const at = value > 0 ? Math.log2(value) : from;
    const share = positive.length === 0 || high === from ? 0.5 : (at - from) / (high - from);
    return frame.left + inset + share * (frame.right - frame.left - 2 * inset);
  };

  const finite = ys.filter(Number.isFinite);
  const lowest = finite.length === 0 ? 0 : Math.min(...finite);
  const highest = finite.length === 0 ? 1 : Math.max(...finite);
  const room = highest === lowest ? Math.abs(highest) * 0.1 || 0.5 : (highest - lowest) * 0.1;
  const step = niceStep((highest - lowest + 2 * room) / 5);
  const bottom = Math.floor((lowest - room) / step) * step;
  const top = Math.ceil((highest + room) / step) * step;
  const ticks = Math.round((top - bottom) / step);
  return {
    x,
    y: (value) => frame.bottom - ((value - bottom) / (top - bottom)) * (frame.bottom - frame.top),
    yTicks: Array.from({ length: ticks + 1 }, (_, i) => Number((bottom + i * step).toPrecision(12))),
  };
}

/** 1, 2 or 5 times a power of ten, at least `least`. */
function niceStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least));
  return power * ([1, 2, 5].find((mantissa) => mantissa * power >= least * (1 - 1e-9)) ?? 10);
}
