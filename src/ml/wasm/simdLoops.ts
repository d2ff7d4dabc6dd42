import { allOf, assembleModule, wasmFunction, type WasmFunction } from "./assemble.ts";
import {
  addF32,
  addF64,
  advance,
  and,
  atLeast,
  constant,
  get,
  greater,
  highHalf,
  load,
  loopWhileBelow,
  lowHalf,
  mulF32,
  mulF64,
  plus,
  set,
  splat,
  store,
  subF32,
} from "./instructions.ts";
import { activationFunctions, type ActivationExports, type ActivationName } from "./activationCode.ts";
import { depthwiseFunctions, type DepthwiseExports, type Tap } from "./depthwiseCode.ts";
import { layoutFunctions, type LayoutExports } from "./layoutCode.ts";

/** Addresses are byte offsets in the heap; vectors of C numbers are 32 bits wide, sums 64. */
interface Exports extends LayoutExports, DepthwiseExports, ActivationExports {
  /** to[i] = max(a[i] + b[i], lowest) */
  add(a: number, b: number, to: number, end: number, lowest: number): void;
  /** to[i] = y[i] > 0 ? d[i] : 0 */
  mask(d: number, y: number, to: number, end: number): void;
  moments(x: number, end: number, row: number, origin: number, sum: number, squares: number): void;
  products(d: number, x: number, end: number, row: number, mean: number, sum: number, products: number): void;
  affine(
    x: number,
    y: number,
    end: number,
    row: number,
    factor: number,
    offset: number,
    lowest: number,
  ): void;
  combination(
    d: number,
    x: number,
    y: number,
    end: number,
    row: number,
    ofD: number,
    ofX: number,
    offset: number,
  ): void;
}

/** Rows of so many numbers are done at a time, all channels of them, while they are in the cache. */
const stretchBytes = 16_384;
const mostChannels = 4096;

/**
 * The loops of `channelLoops.ts` and `heapLoops.ts`, four numbers at a time: WebAssembly over the memory of tfjs's
 * backend. JavaScript's arithmetic has no float32, let alone four (docs/PERFORMANCE.md has what that costs). Sums are in
 * double precision here too.
 *
 * `x`, `y` and `d` are views of that memory, `begin` and `end` places in them: whole rows.
 */
export class SimdLoops {
  private constructor(
    private readonly memory: WebAssembly.Memory,
    private readonly loops: Exports,
    /** Address of a few vectors of `mostChannels`, each in 64 bits. */
    private readonly scratch: number,
  ) {}

  /** Null where the browser has no SIMD. @param allocate gives so many bytes for good. */
  static create(memory: WebAssembly.Memory, allocate: (bytes: number) => number): SimdLoops | null {
    const shared = !(memory.buffer instanceof ArrayBuffer);
    const bytes = assembleModule(functions, shared);
    if (!WebAssembly.validate(bytes)) return null;
    const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { memory } });
    return new SimdLoops(memory, instance.exports as unknown as Exports, allocate(3 * 8 * mostChannels));
  }

  suits(channels: number): boolean {
    return channels % 4 === 0 && channels <= mostChannels;
  }

  addMoments(
    x: Float32Array,
    begin: number,
    end: number,
    origin: Float64Array,
    sum: Float64Array,
    squares: Float64Array,
  ): void {
    const [o, s, q] = [this.put32(0, origin), this.put64(1, sum), this.put64(2, squares)];
    forStretches(x, begin, end, origin.length, (from, to, row) => this.loops.moments(from, to, row, o, s, q));
    this.take64(1, sum);
    this.take64(2, squares);
  }

  addProducts(
    d: Float32Array,
    x: Float32Array,
    begin: number,
    end: number,
    mean: Float64Array,
    sum: Float64Array,
    products: Float64Array,
  ): void {
    const [m, s, p] = [this.put32(0, mean), this.put64(1, sum), this.put64(2, products)];
    const toX = x.byteOffset - d.byteOffset;
    forStretches(d, begin, end, mean.length, (from, to, row) =>
      this.loops.products(from, from + toX, to, row, m, s, p),
    );
    this.take64(1, sum);
    this.take64(2, products);
  }

  writeAffine(
    x: Float32Array,
    y: Float32Array,
    begin: number,
    end: number,
    factor: Float64Array,
    offset: Float64Array,
    lowest: number,
  ): void {
    const [f, o] = [this.put32(0, factor), this.put32(1, offset)];
    const toY = y.byteOffset - x.byteOffset;
    forStretches(x, begin, end, factor.length, (from, to, row) =>
      this.loops.affine(from, from + toY, to, row, f, o, lowest),
    );
  }

  writeCombination(
    d: Float32Array,
    x: Float32Array,
    y: Float32Array,
    begin: number,
    end: number,
    ofD: Float64Array,
    ofX: Float64Array,
    offset: Float64Array,
  ): void {
    const [a, b, o] = [this.put32(0, ofD), this.put32(1, ofX), this.put32(2, offset)];
    const [toX, toY] = [x.byteOffset - d.byteOffset, y.byteOffset - d.byteOffset];
    forStretches(d, begin, end, ofD.length, (from, to, row) =>
      this.loops.combination(from, from + toX, from + toY, to, row, a, b, o),
    );
  }

  /** The first numbers of `addInto`, a multiple of four. @returns how many. */
  add(a: Float32Array, b: Float32Array, to: Float32Array, lowest: number): number {
    const count = a.length & ~3;
    if (count > 0) {
      this.loops.add(a.byteOffset, b.byteOffset, to.byteOffset, a.byteOffset + 4 * count, lowest);
    }
    return count;
  }

  /** The first numbers of `zeroWhereClamped`, a multiple of four. @returns how many. */
  mask(d: Float32Array, y: Float32Array, to: Float32Array): number {
    const count = d.length & ~3;
    if (count > 0) this.loops.mask(d.byteOffset, y.byteOffset, to.byteOffset, d.byteOffset + 4 * count);
    return count;
  }

  /** The first numbers of f(x), a multiple of four. @returns how many. */
  activate(fn: ActivationName, x: Float32Array, y: Float32Array): number {
    const count = fn === "gelu" ? 0 : x.length & ~3;
    if (fn !== "gelu" && count > 0) this.loops[fn](x.byteOffset, y.byteOffset, x.byteOffset + 4 * count);
    return count;
  }

  /** The first numbers of d · f′(x), a multiple of four. @returns how many. */
  activationGradient(fn: ActivationName, d: Float32Array, x: Float32Array, to: Float32Array): number {
    const count = fn === "gelu" ? 0 : x.length & ~3;
    if (fn !== "gelu" && count > 0)
      this.loops[`${fn}Gradient`](x.byteOffset, d.byteOffset, to.byteOffset, x.byteOffset + 4 * count);
    return count;
  }

  /** b += a · filter at every place of a tap; C in fours. */
  addTap(filter: Float32Array, tap: Tap): void {
    this.loops.addTap(...tapAddresses(filter, tap));
  }

  /** filter += Σ a · b over all places of a tap; C in fours. */
  correlateTap(filter: Float32Array, tap: Tap): void {
    this.loops.correlateTap(...tapAddresses(filter, tap));
  }

  /** [N, P, C] → [C, P, N]; N and C in fours. */
  samplesLast(x: Float32Array, to: Float32Array, [samples, places, channels]: Shape3D): void {
    const [place, row] = [4 * channels, 4 * samples];
    forTiles(places, (first, count) =>
      this.loops.samplesLast(
        x.byteOffset + first * place,
        to.byteOffset + first * row,
        places * place,
        place,
        count * place,
        places * row,
        row,
      ),
    );
  }

  /** [N, P, C] → [P, N, C]; C in fours. */
  placesFirst(x: Float32Array, to: Float32Array, [samples, places, channels]: Shape3D): void {
    const row = 4 * channels;
    const sample = places * row;
    forTiles(places, (first, count) => {
      const from = x.byteOffset + first * row;
      const target = to.byteOffset + first * samples * row;
      this.loops.placesFirst(from, target, from + samples * sample, sample, row, count * row, samples * row);
    });
  }

  /**
   * The max-pool gradient of windows that neither overlap nor leave the picture: dy goes to the first of each window's
   * largest numbers. Writes all that windows cover.
   *
   * @param x [N, H, W, C]  @param dy [N, H′, W′, C]  @param dx like x.
   */
  firstLargest(x: Float32Array, dy: Float32Array, dx: Float32Array, windows: PoolWindows): void {
    const { samples, height, width, channels, rows, columns, kernelHeight, kernelWidth } = windows;
    const place = 4 * channels;
    const line = width * place;
    for (let n = 0; n < samples; n++)
      for (let row = 0; row < rows; row++) {
        const at = (n * height + row * kernelHeight) * line;
        const from = dy.byteOffset + (n * rows + row) * columns * place;
        this.loops.firstLargest(
          x.byteOffset + at,
          from,
          dx.byteOffset + at,
          from + columns * place,
          kernelWidth * place,
          kernelHeight * line,
          line,
          place,
        );
      }
  }

  private put32(place: number, values: Float64Array): number {
    const at = this.scratch + place * 8 * mostChannels;
    new Float32Array(this.memory.buffer, at, values.length).set(values);
    return at;
  }

  private put64(place: number, values: Float64Array): number {
    const at = this.scratch + place * 8 * mostChannels;
    new Float64Array(this.memory.buffer, at, values.length).set(values);
    return at;
  }

  private take64(place: number, values: Float64Array): void {
    values.set(new Float64Array(this.memory.buffer, this.scratch + place * 8 * mostChannels, values.length));
  }
}

type Shape3D = readonly [number, number, number];

export interface PoolWindows {
  readonly samples: number;
  readonly height: number;
  readonly width: number;
  /** In fours. */
  readonly channels: number;
  /** Windows below each other. */
  readonly rows: number;
  /** Windows beside each other. */
  readonly columns: number;
  readonly kernelHeight: number;
  readonly kernelWidth: number;
}

/** So many places of all samples at a time: what is read and written stays in the cache. */
const tilePlaces = 8;

function forTiles(places: number, work: (first: number, count: number) => void): void {
  for (let first = 0; first < places; first += tilePlaces) work(first, Math.min(tilePlaces, places - first));
}

function tapAddresses(filter: Float32Array, tap: Tap): Parameters<DepthwiseExports["addTap"]> {
  const from = tap.a.byteOffset + 4 * tap.inA;
  return [
    from,
    tap.b.byteOffset + 4 * tap.inB,
    from + 4 * tap.lines * tap.aLine,
    4 * tap.aLine,
    4 * tap.bLine,
    4 * tap.columns * tap.channels,
    4 * tap.channels,
    4 * tap.bStep,
    filter.byteOffset + 4 * tap.inFilter,
    4 * tap.channels,
  ];
}

/** `work` is given addresses, and how many bytes a row has. */
function forStretches(
  x: Float32Array,
  begin: number,
  end: number,
  channels: number,
  work: (from: number, to: number, row: number) => void,
): void {
  const row = 4 * channels;
  const step = Math.max(1, Math.floor(stretchBytes / row)) * row;
  const last = x.byteOffset + 4 * end;
  for (let from = x.byteOffset + 4 * begin; from < last; from += step)
    work(from, Math.min(from + step, last), row);
}

const functions: readonly WasmFunction[] = [
  wasmFunction(
    "add",
    { ...allOf("i32", "a", "b", "to", "end"), lowest: "f32" },
    {},
    ({ a, b, to, end, lowest }) =>
      loopWhileBelow(a, end, [
        ...store(get(to), atLeast(addF32(load(get(a)), load(get(b))), splat(get(lowest)))),
        ...[a, b, to].flatMap((place) => advance(place, constant(16))),
      ]),
  ),
  wasmFunction("mask", allOf("i32", "d", "y", "to", "end"), { zero: "v128" }, ({ d, y, to, end, zero }) =>
    loopWhileBelow(d, end, [
      ...store(get(to), and(load(get(d)), greater(load(get(y)), get(zero)))),
      ...[d, y, to].flatMap((place) => advance(place, constant(16))),
    ]),
  ),
  momentSums(),
  productSums(),
  affine(),
  combination(),
  ...layoutFunctions,
  ...activationFunctions,
  ...depthwiseFunctions,
];

/** Sums in double precision: of four channels at a time, the low half of them and the high half. */
function momentSums(): WasmFunction {
  const parameters = allOf("i32", "x", "end", "row", "origin", "sum", "squares");
  const locals = {
    ...allOf("i32", "channel", "place"), // in bytes
    ...allOf("v128", "origins", "lowSum", "highSum", "lowSquares", "highSquares", "gap", "half"),
  };
  return wasmFunction("moments", parameters, locals, (index) => {
    const { x, end, row, origin, sum, squares, channel, place } = index;
    const { origins, lowSum, highSum, lowSquares, highSquares, gap, half } = index;
    const at = (vector: number): number[] => plus(get(vector), plus(get(channel), get(channel)));
    const add = (value: readonly number[], sums: number, ofSquares: number): number[] => [
      ...set(half, value),
      ...set(sums, addF64(get(sums), get(half))),
      ...set(ofSquares, addF64(get(ofSquares), mulF64(get(half), get(half)))),
    ];
    return loopWhileBelow(channel, row, [
      ...set(place, plus(get(x), get(channel))),
      ...set(origins, load(plus(get(origin), get(channel)))),
      ...set(lowSum, load(at(sum))),
      ...set(highSum, load(at(sum), 16)),
      ...set(lowSquares, load(at(squares))),
      ...set(highSquares, load(at(squares), 16)),
      ...loopWhileBelow(place, end, [
        ...set(gap, subF32(load(get(place)), get(origins))),
        ...add(lowHalf(get(gap)), lowSum, lowSquares),
        ...add(highHalf(get(gap)), highSum, highSquares),
        ...advance(place, get(row)),
      ]),
      ...store(at(sum), get(lowSum)),
      ...store(at(sum), get(highSum), 16),
      ...store(at(squares), get(lowSquares)),
      ...store(at(squares), get(highSquares), 16),
      ...advance(channel, constant(16)),
    ]);
  });
}

/** The same of d and d·(x − mean). */
function productSums(): WasmFunction {
  const parameters = allOf("i32", "d", "x", "end", "row", "mean", "sum", "products");
  const locals = {
    ...allOf("i32", "channel", "inD", "inX"), // in bytes
    ...allOf("v128", "means", "lowSum", "highSum", "lowProducts", "highProducts", "gradient", "product"),
  };
  return wasmFunction("products", parameters, locals, (index) => {
    const { d, x, end, row, mean, sum, products, channel, inD, inX } = index;
    const { means, lowSum, highSum, lowProducts, highProducts, gradient, product } = index;
    const at = (vector: number): number[] => plus(get(vector), plus(get(channel), get(channel)));
    return loopWhileBelow(channel, row, [
      ...set(inD, plus(get(d), get(channel))),
      ...set(inX, plus(get(x), get(channel))),
      ...set(means, load(plus(get(mean), get(channel)))),
      ...set(lowSum, load(at(sum))),
      ...set(highSum, load(at(sum), 16)),
      ...set(lowProducts, load(at(products))),
      ...set(highProducts, load(at(products), 16)),
      ...loopWhileBelow(inD, end, [
        ...set(gradient, load(get(inD))),
        ...set(product, mulF32(get(gradient), subF32(load(get(inX)), get(means)))),
        ...set(lowSum, addF64(get(lowSum), lowHalf(get(gradient)))),
        ...set(highSum, addF64(get(highSum), highHalf(get(gradient)))),
        ...set(lowProducts, addF64(get(lowProducts), lowHalf(get(product)))),
        ...set(highProducts, addF64(get(highProducts), highHalf(get(product)))),
        ...advance(inD, get(row)),
        ...advance(inX, get(row)),
      ]),
      ...store(at(sum), get(lowSum)),
      ...store(at(sum), get(highSum), 16),
      ...store(at(products), get(lowProducts)),
      ...store(at(products), get(highProducts), 16),
      ...advance(channel, constant(16)),
    ]);
  });
}

/** y = max(x · factor + offset, lowest) */
function affine(): WasmFunction {
  const parameters = { ...allOf("i32", "x", "y", "end", "row", "factor", "offset"), lowest: "f32" } as const;
  const locals = {
    ...allOf("i32", "channel", "inX", "inY"),
    ...allOf("v128", "factors", "offsets", "floor"),
  };
  return wasmFunction("affine", parameters, locals, (index) => {
    const { x, y, end, row, factor, offset, lowest, channel, inX, inY, factors, offsets, floor } = index;
    return [
      ...set(floor, splat(get(lowest))),
      ...loopWhileBelow(channel, row, [
        ...set(inX, plus(get(x), get(channel))),
        ...set(inY, plus(get(y), get(channel))),
        ...set(factors, load(plus(get(factor), get(channel)))),
        ...set(offsets, load(plus(get(offset), get(channel)))),
        ...loopWhileBelow(inX, end, [
          ...store(get(inY), atLeast(addF32(mulF32(load(get(inX)), get(factors)), get(offsets)), get(floor))),
          ...advance(inX, get(row)),
          ...advance(inY, get(row)),
        ]),
        ...advance(channel, constant(16)),
      ]),
    ];
  });
}

/** y = d · ofD + x · ofX + offset */
function combination(): WasmFunction {
  const parameters = allOf("i32", "d", "x", "y", "end", "row", "ofD", "ofX", "offset");
  const locals = {
    ...allOf("i32", "channel", "inD", "inX", "inY"),
    ...allOf("v128", "factorsOfD", "factorsOfX", "offsets"),
  };
  return wasmFunction("combination", parameters, locals, (index) => {
    const { d, x, y, end, row, ofD, ofX, offset, channel, inD, inX, inY } = index;
    const { factorsOfD, factorsOfX, offsets } = index;
    const sum = addF32(mulF32(load(get(inD)), get(factorsOfD)), mulF32(load(get(inX)), get(factorsOfX)));
    return loopWhileBelow(channel, row, [
      ...set(inD, plus(get(d), get(channel))),
      ...set(inX, plus(get(x), get(channel))),
      ...set(inY, plus(get(y), get(channel))),
      ...set(factorsOfD, load(plus(get(ofD), get(channel)))),
      ...set(factorsOfX, load(plus(get(ofX), get(channel)))),
      ...set(offsets, load(plus(get(offset), get(channel)))),
      ...loopWhileBelow(inD, end, [
        ...store(get(inY), addF32(sum, get(offsets))),
        ...[inD, inX, inY].flatMap((place) => advance(place, get(row))),
      ]),
      ...advance(channel, constant(16)),
    ]);
  });
}
