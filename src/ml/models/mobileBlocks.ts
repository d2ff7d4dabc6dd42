import type { ActivationName, LayerIndex, NetworkBuilder } from "./network.ts";

/** What a family of mobile networks has in common in all its convolution–BatchNorm–activation units. */
export interface UnitStyle {
  readonly eps: number;
  /** Of the running statistics, as PyTorch counts it. */
  readonly momentum: number;
}

/** The nearest multiple of 8 that is not more than a tenth below `channels` (MobileNet's rule), at least 8. */
export function toMultipleOf8(channels: number): number {
  const rounded = Math.max(8, Math.floor((channels + 4) / 8) * 8);
  return rounded < 0.9 * channels ? rounded + 8 : rounded;
}

/** torchvision's Conv2dNormActivation: `name`.0 and `name`.1, padding (k − 1)/2. */
export function convUnit(
  builder: NetworkBuilder,
  name: string,
  input: LayerIndex,
  inChannels: number,
  outChannels: number,
  kernel: number,
  style: UnitStyle,
  more: { stride?: number; depthwise?: boolean; activation?: ActivationName } = {},
): LayerIndex {
  const { stride = 1, depthwise = false, activation } = more;
  const conv = builder.conv(`${name}.0`, input, inChannels, outChannels, kernel, {
    stride,
    groups: depthwise ? inChannels : 1,
  });
  const normed = builder.batchNorm(`${name}.1`, conv, outChannels, style.eps, style.momentum);
  return activation === undefined ? normed : builder.activation(normed, activation);
}

/**
 * Squeeze-and-excitation (Hu et al., arXiv 1709.01507): each channel times a gate computed from all channels' means.
 * torchvision stores its two layers as 1×1 convolutions `fc1` and `fc2`.
 */
export function squeezeExcite(
  builder: NetworkBuilder,
  name: string,
  input: LayerIndex,
  channels: number,
  squeezed: number,
  inner: ActivationName,
  outer: ActivationName,
): LayerIndex {
  const stored = { storedAsConv: true } as const;
  const pooled = builder.globalAveragePool(input);
  const hidden = builder.activation(builder.linear(`${name}.fc1`, pooled, channels, squeezed, stored), inner);
  const gate = builder.activation(builder.linear(`${name}.fc2`, hidden, squeezed, channels, stored), outer);
  return builder.gate(input, gate);
}
