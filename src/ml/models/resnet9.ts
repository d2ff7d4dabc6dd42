import type { LayerIndex, NetworkBuilder } from "./network.ts";

/**
 * The backbone of ResNet-9: David Page's network for DAWNBench (2018), which learns small images in a few epochs.
 * As there in its later form, pooling comes before BatchNorm, which leaves BatchNorm a quarter of the work.
 *
 *     prep:   conv 3→w
 *     layer1: conv w→2w, pool 2, + residual of two convs
 *     layer2: conv 2w→4w, pool 2
 *     layer3: conv 4w→8w, pool 2, + residual of two convs
 *     global maximum → 8w features
 *
 * Every convolution is 3×3 and followed by (pool,) BatchNorm and ReLU. Residual branches begin as nothing (their last
 * scale is 0), which is ours: it takes the kNN of the default demo after 100 steps from 64 to 80 %. Parameter names are
 * Page's.
 *
 * @param width channels of the first layer; 64 there.
 * @param stride of the first convolution; 1 there, 2 quarters the cost for larger images.
 */
export function buildResNet9(
  builder: NetworkBuilder,
  width: number,
  stride: 1 | 2,
): { features: LayerIndex; featureDim: number } {
  const block = (
    name: string,
    input: LayerIndex,
    from: number,
    to: number,
    { stride = 1, pool = false, startsAtZero = false } = {},
  ): LayerIndex => {
    const conv = builder.conv(`${name}.conv`, input, from, to, 3, { stride });
    const pooled = pool ? builder.maxPool(conv, 2, 2, 0) : conv;
    return builder.activation(
      builder.batchNorm(`${name}.bn`, pooled, to, 1e-5, 0.1, { startsAtZero }),
      "relu",
    );
  };
  const residual = (name: string, input: LayerIndex, channels: number): LayerIndex => {
    const inner = block(`${name}.res1`, input, channels, channels);
    return builder.add(block(`${name}.res2`, inner, channels, channels, { startsAtZero: true }), input);
  };
  const input = builder.input(3);
  let x = block("prep", input, 3, width, { stride });
  builder.taps.prep = x;
  x = block("layer1", x, width, 2 * width, { pool: true });
  x = residual("layer1.residual", x, 2 * width);
  builder.taps.layer1 = x;
  x = block("layer2", x, 2 * width, 4 * width, { pool: true });
  builder.taps.layer2 = x;
  x = block("layer3", x, 4 * width, 8 * width, { pool: true });
  x = residual("layer3.residual", x, 8 * width);
  builder.taps.layer3 = x;
  return { features: builder.globalMaxPool(x), featureDim: 8 * width };
}
