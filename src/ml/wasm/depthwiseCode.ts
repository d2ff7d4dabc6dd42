import { allOf, wasmFunction, type WasmFunction } from "./assemble.ts";
import {
  addF32,
  advance,
  constant,
  get,
  load,
  loopWhileBelow,
  mulF32,
  plus,
  set,
  store,
} from "./instructions.ts";

/** One tap of the filter over one picture: places in the arrays and steps between them, in numbers. */
export interface Tap {
  /** The gradient's numbers, and where the tap first meets the picture. */
  readonly a: Float32Array;
  readonly inA: number;
  /** The picture's. */
  readonly b: Float32Array;
  readonly inB: number;
  readonly lines: number;
  readonly columns: number;
  readonly aLine: number;
  readonly bLine: number;
  readonly bStep: number;
  readonly channels: number;
  /** Of the tap's vector in the filter. */
  readonly inFilter: number;
}

/**
 * A loop over a tap, four channels at a time. Addresses and lengths are in bytes.
 * Places go by `aStep` and `bStep` along a line of `line` bytes of a, lines by `aLine` and `bLine` until `aEnd`.
 */
type TapLoop = (
  a: number,
  b: number,
  aEnd: number,
  aLine: number,
  bLine: number,
  line: number,
  aStep: number,
  bStep: number,
  vector: number,
  channels: number,
) => void;

export interface DepthwiseExports {
  /** b += a · vector[c] at every place. */
  readonly addTap: TapLoop;
  /** vector[c] += Σ a · b over all places. */
  readonly correlateTap: TapLoop;
}

const parameters = allOf(
  "i32",
  ...(["a", "b", "aEnd", "aLine", "bLine", "line", "aStep", "bStep", "vector", "channels"] as const),
);
const locals = {
  ...allOf("i32", "channel", "lineOfA", "lineOfB", "inA", "inB", "endOfLine"),
  ...allOf("v128", "four"), // of the vector's numbers
};
type Names = Readonly<Record<keyof typeof parameters | keyof typeof locals, number>>;

/** For every four channels: `each` at every place, then `last`. */
function tapLoop(
  name: string,
  each: (index: Names) => readonly number[],
  last: (index: Names) => readonly number[] = () => [],
): WasmFunction {
  return wasmFunction(name, parameters, locals, (index) => {
    const { a, b, aEnd, aLine, bLine, line, aStep, bStep, vector, channels } = index;
    const { channel, lineOfA, lineOfB, inA, inB, endOfLine, four } = index;
    return loopWhileBelow(channel, channels, [
      ...set(four, load(plus(get(vector), get(channel)))),
      ...set(lineOfA, plus(get(a), get(channel))),
      ...set(lineOfB, plus(get(b), get(channel))),
      ...loopWhileBelow(lineOfA, aEnd, [
        ...set(inA, get(lineOfA)),
        ...set(inB, get(lineOfB)),
        ...set(endOfLine, plus(get(lineOfA), get(line))),
        ...loopWhileBelow(inA, endOfLine, [
          ...each(index),
          ...advance(inA, get(aStep)),
          ...advance(inB, get(bStep)),
        ]),
        ...advance(lineOfA, get(aLine)),
        ...advance(lineOfB, get(bLine)),
      ]),
      ...last(index),
      ...advance(channel, constant(16)),
    ]);
  });
}

export const depthwiseFunctions: readonly WasmFunction[] = [
  tapLoop("addTap", ({ inA, inB, four }) =>
    store(get(inB), addF32(load(get(inB)), mulF32(load(get(inA)), get(four)))),
  ),
  tapLoop(
    "correlateTap",
    ({ inA, inB, four }) => set(four, addF32(get(four), mulF32(load(get(inA)), load(get(inB))))),
    ({ vector, channel, four }) => store(plus(get(vector), get(channel)), get(four)),
  ),
];
