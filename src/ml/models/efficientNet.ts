import { convUnit, squeezeExcite, toMultipleOf8, type UnitStyle } from "./mobileBlocks.ts";
import type { LayerIndex, NetworkBuilder } from "./network.ts";

export type EfficientNetName = "efficientnetB0" | "efficientnetB1";

const style: UnitStyle = { eps: 1e-5, momentum: 0.1 };

/** Expansion, kernel, stride, output width, blocks: B0's stages. B1 is the same with 1.1 times as many blocks. */
const stages = [
  [1, 3, 1, 16, 1],
  [6, 3, 2, 24, 2],
  [6, 5, 2, 40, 2],
  [6, 3, 2, 80, 3],
  [6, 5, 1, 112, 3],
  [6, 5, 2, 192, 4],
  [6, 3, 1, 320, 1],
] as const;

const depthFactor: Record<EfficientNetName, number> = { efficientnetB0: 1, efficientnetB1: 1.1 };

/**
 * The backbone of EfficientNet (Tan & Le, arXiv 1905.11946) as torchvision builds it, up to its last feature map,
 * pooled. Stochastic depth is left out: the authors of DisCo train without it, and fixtures too.
 *
 * @param widthFactor of every channel count, rounded to multiples of 8; 1 is published for B0 and B1.
 * @param stemStride 2 as published; 1 keeps small images at full resolution.
 */
export function buildEfficientNet(
  builder: NetworkBuilder,
  name: EfficientNetName,
  widthFactor: number,
  stemStride: 1 | 2,
): { features: LayerIndex; featureDim: number } {
  const scaled = (channels: number): number => toMultipleOf8(channels * widthFactor);
  let channels = scaled(32);
  let x = convUnit(builder, "features.0", builder.input(3), 3, channels, 3, style, {
    stride: stemStride,
    activation: "silu",
  });
  builder.taps["features.0"] = x;
  stages.forEach(([expansion, kernel, firstStride, outPublished, publishedBlocks], s) => {
    const blocks = Math.ceil(publishedBlocks * depthFactor[name]);
    const out = scaled(outPublished);
    for (let b = 0; b < blocks; b++) {
      const block = `features.${s + 1}.${b}.block`;
      const stride = b === 0 ? firstStride : 1;
      const expanded = toMultipleOf8(channels * expansion);
      const input = x;
      let part = 0;
      if (expanded !== channels) {
        x = convUnit(builder, `${block}.${part++}`, x, channels, expanded, 1, style, { activation: "silu" });
      }
      x = convUnit(builder, `${block}.${part++}`, x, expanded, expanded, kernel, style, {
        stride,
        depthwise: true,
        activation: "silu",
      });
      // The squeezed width follows the block's input, not its expanded width as in MobileNetV3.
      const squeezed = Math.max(1, Math.floor(channels / 4));
      x = squeezeExcite(builder, `${block}.${part++}`, x, expanded, squeezed, "silu", "sigmoid");
      x = convUnit(builder, `${block}.${part}`, x, expanded, out, 1, style);
      if (stride === 1 && out === channels) x = builder.add(input, x);
      channels = out;
    }
    builder.taps[`features.${s + 1}`] = x;
  });
  const featureDim = 4 * channels;
  x = convUnit(builder, "features.8", x, channels, featureDim, 1, style, { activation: "silu" });
  builder.taps["features.8"] = x;
  return { features: builder.globalAveragePool(x), featureDim };
}
