/** RGB in [0, 1] as opaque RGBA bytes. */
export function toRgba(rgb: Float32Array): Uint8ClampedArray<ArrayBuffer> {
  const rgba = new Uint8ClampedArray((rgb.length / 3) * 4);
  for (let from = 0, to = 0; from < rgb.length; from += 3, to += 4) {
    rgba[to] = (rgb[from] as number) * 255;
    rgba[to + 1] = (rgb[from + 1] as number) * 255;
    rgba[to + 2] = (rgb[from + 2] as number) * 255;
    rgba[to + 3] = 255;
  }
  return rgba;
}
