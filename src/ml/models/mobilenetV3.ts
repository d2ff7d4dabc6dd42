import { convUnit, squeezeExcite, toMultipleOf8, type UnitStyle } from "./mobileBlocks.ts";
import type { LayerIndex, NetworkBuilder } from "./network.ts";

export type MobileNetV3Name = "mobilenetV3Small" | "mobilenetV3Large";

/** torchvision's settings for MobileNetV3; not PyTorch's defaults. */
const style: UnitStyle = { eps: 1e-3, momentum: 0.01 };

/** Kernel, expanded width, output width, squeeze-excite, activation, stride. */
type Row = readonly [number, number, number, boolean, "relu" | "hardswish", number];

const rows: Record<MobileNetV3Name, readonly Row[]> = {
  mobilenetV3Small: [
    [3, 16, 16, true, "relu", 2],
    [3, 72, 24, false, "relu", 2],
    [3, 88, 24, false, "relu", 1],
    [5, 96, 40, true, "hardswish", 2],
    [5, 240, 40, true, "hardswish", 1],
    [5, 240, 40, true, "hardswish", 1],
    [5, 120, 48, true, "hardswish", 1],
    [5, 144, 48, true, "hardswish", 1],
    [5, 288, 96, true, "hardswish", 2],
    [5, 576, 96, true, "hardswish", 1],
    [5, 576, 96, true, "hardswish", 1],
  ],
  mobilenetV3Large: [
    [3, 16, 16, false, "relu", 1],
    [3, 64, 24, false, "relu", 2],
    [3, 72, 24, false, "relu", 1],
    [5, 72, 40, true, "relu", 2],
    [5, 120, 40, true, "relu", 1],
    [5, 120, 40, true, "relu", 1],
    [3, 240, 80, false, "hardswish", 2],
    [3, 200, 80, false, "hardswish", 1],
    [3, 184, 80, false, "hardswish", 1],
    [3, 184, 80, false, "hardswish", 1],
    [3, 480, 112, true, "hardswish", 1],
    [3, 672, 112, true, "hardswish", 1],
    [5, 672, 160, true, "hardswish", 2],
    [5, 960, 160, true, "hardswish", 1],
    [5, 960, 160, true, "hardswish", 1],
  ],
};

/**
 * The backbone of MobileNetV3 (Howard et al., arXiv 1905.02244) as torchvision builds it, up to its last feature map,
 * pooled.
 *
 * @param widthFactor of every channel count, rounded to multiples of 8; 1 is published.
 * @param stemStride 2 as published; 1 keeps small images at full resolution.
 */
export function buildMobileNetV3(
  builder: NetworkBuilder,
  name: MobileNetV3Name,
  widthFactor: number,
  stemStride: 1 | 2,
): { features: LayerIndex; featureDim: number } {
  const scaled = (channels: number): number => toMultipleOf8(channels * widthFactor);
  let channels = scaled(16);
  let x = convUnit(builder, "features.0", builder.input(3), 3, channels, 3, style, {
    stride: stemStride,
    activation: "hardswish",
  });
  builder.taps["features.0"] = x;
  rows[name].forEach(([kernel, expandedPublished, outPublished, hasGate, activation, stride], i) => {
    const block = `features.${i + 1}.block`;
    const expanded = scaled(expandedPublished);
    const out = scaled(outPublished);
    const input = x;
    let part = 0;
    if (expanded !== channels) {
      x = convUnit(builder, `${block}.${part++}`, x, channels, expanded, 1, style, { activation });
    }
    x = convUnit(builder, `${block}.${part++}`, x, expanded, expanded, kernel, style, {
      stride,
      depthwise: true,
      activation,
    });
    if (hasGate) {
      const squeezed = toMultipleOf8(Math.floor(expanded / 4));
      x = squeezeExcite(builder, `${block}.${part++}`, x, expanded, squeezed, "relu", "hardsigmoid");
    }
    x = convUnit(builder, `${block}.${part}`, x, expanded, out, 1, style);
    if (stride === 1 && out === channels) x = builder.add(input, x);
    builder.taps[`features.${i + 1}`] = x;
    channels = out;
  });
  const featureDim = 6 * channels;
  const last = `features.${rows[name].length + 1}`;
  x = convUnit(builder, last, x, channels, featureDim, 1, style, { activation: "hardswish" });
  builder.taps[last] = x;
  return { features: builder.globalAveragePool(x), featureDim };
}
