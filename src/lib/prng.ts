/**
 * Seeded random numbers, the same on every machine.
 *
 * The generator is sfc32 (Chris Doty-Humphrey, PractRand), a 128-bit counter-based chaotic generator; the
 * state is four 32-bit words and is plain data, so a run can be saved and resumed in the middle.
 */
export type PrngState = readonly [number, number, number, number];

export interface Prng {
  /** Uniform in [0, 1), a multiple of 2⁻³². */
  uniform(): number;
  /** Uniform in [low, high). */
  between(low: number, high: number): number;
  /** Uniform integer in [0, n). */
  integer(n: number): number;
  /** Standard normal, by Box–Muller; uses two uniforms and keeps none back, so the state says everything. */
  normal(): number;
  /** A permutation of 0…n−1 (Fisher–Yates). */
  permutation(n: number): Int32Array;
  state(): PrngState;
  /** Goes on from a state in place of its own. */
  restore(state: PrngState): void;
}

/** Mixes a 32-bit integer so that neighbouring seeds give unrelated streams (Murmur3's finaliser). */
export function mix32(value: number): number {
  let h = value | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** FNV-1a over UTF-16 code units: turns a stream's name into a number. */
export function hashString(text: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  return h >>> 0;
}

/**
 * One independent stream of a run's visible seed: `createPrng(seed, "init")`, `"shuffle"`, `"augment"`, …
 *
 * @param seed any integer; only its low 32 bits count.
 * @param stream a name; different names give unrelated sequences.
 */
export function createPrng(seed: number, stream: string): Prng {
  const a = mix32(seed);
  const b = mix32(hashString(stream));
  const prng = restorePrng([a, b, mix32(a ^ Math.imul(b, 0x9e3779b1)), 1]);
  for (let i = 0; i < 12; i++) prng.uniform();
  return prng;
}

/** Continues a stream from `Prng.state()`. */
export function restorePrng(state: PrngState): Prng {
  let [a, b, c, counter] = state;
  const next = (): number => {
    const t = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + t) | 0;
    return t >>> 0;
  };
  const uniform = (): number => next() / 4294967296;
  return {
    uniform,
    between: (low, high) => low + (high - low) * uniform(),
    integer: (n) => Math.floor(uniform() * n),
    normal: () => {
      const radius = Math.sqrt(-2 * Math.log(1 - uniform()));
      return radius * Math.cos(2 * Math.PI * uniform());
    },
    permutation: (n) => {
      const order = Int32Array.from({ length: n }, (_, i) => i);
      for (let i = n - 1; i > 0; i--) {
        const j = Math.floor(uniform() * (i + 1));
        const kept = order[i] as number;
        order[i] = order[j] as number;
        order[j] = kept;
      }
      return order;
    },
    state: () => [a, b, c, counter],
    restore: (state) => void ([a, b, c, counter] = state),
  };
}
