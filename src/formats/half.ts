/** IEEE 754 half precision ↔ float32, bit by bit: JavaScript's own Float16Array is not everywhere yet. */

const word = new Uint32Array(1);
const single = new Float32Array(word.buffer);

/** Exact: every half, subnormals, infinities and NaN included, is a float32. */
export function halfToFloat32(halves: Uint16Array): Float32Array<ArrayBuffer> {
  const out = new Float32Array(halves.length);
  const bits = new Uint32Array(out.buffer);
  for (let i = 0; i < halves.length; i++) {
    const half = halves[i] as number;
    const sign = (half & 0x8000) << 16;
    const exponent = (half >> 10) & 31;
    const fraction = half & 1023;
    if (exponent === 31) bits[i] = sign | 0x7f800000 | (fraction << 13);
    else if (exponent > 0) bits[i] = sign | ((exponent + 112) << 23) | (fraction << 13);
    else out[i] = (sign === 0 ? fraction : -fraction) * 2 ** -24; // subnormal or ±0
  }
  return out;
}

/** Rounds to nearest, ties to even; what is too large becomes infinite, as in PyTorch's `.half()`. */
export function float32ToHalf(values: Float32Array): Uint16Array<ArrayBuffer> {
  const out = new Uint16Array(values.length);
  for (let i = 0; i < values.length; i++) {
    single[0] = values[i] as number;
    const bits = word[0] as number;
    const sign = (bits >>> 16) & 0x8000;
    const magnitude = bits & 0x7fffffff;
    if (magnitude > 0x7f800000) out[i] = sign | 0x7e00;
    else if (magnitude >= 0x477ff000)
      out[i] = sign | 0x7c00; // 65520 and more
    else if (magnitude >= 0x38800000) {
      const rebased = magnitude - 0x38000000;
      out[i] = sign | ((rebased + 0xfff + ((rebased >>> 13) & 1)) >>> 13);
    } else {
      // Below 2⁻¹⁴ halves are multiples of 2⁻²⁴; adding 2^(23−24) lets the float32 adder do the rounding.
      single[0] = Math.abs(values[i] as number) + 0.5;
      out[i] = sign | ((word[0] as number) - 0x3f000000);
    }
  }
  return out;
}
