import { allOf, wasmFunction, type WasmFunction } from "./assemble.ts";
import {
  advance,
  and,
  andNot,
  atLeast,
  constant,
  equalF32,
  get,
  load,
  loopWhileBelow,
  minusInfinity,
  or,
  pick,
  plus,
  set,
  splat,
  store,
  zeros,
  type Code,
} from "./instructions.ts";

/** Loops over samples, places and channels. All arguments are addresses or sizes in bytes; what lies innermost comes in fours. */
export interface LayoutExports {
  /**
   * Some places of [N, P, C] → of [C, P, N].
   *
   * @param sample P·C numbers. @param place C numbers. @param places some places of one sample.
   * @param channel P·N numbers. @param row N numbers.
   */
  samplesLast(
    x: number,
    to: number,
    sample: number,
    place: number,
    places: number,
    channel: number,
    row: number,
  ): void;
  /**
   * Some places of [N, P, C] → of [P, N, C].
   *
   * @param end of x. @param sample P·C numbers. @param row C numbers. @param places some places of one sample.
   * @param place N·C numbers.
   */
  placesFirst(
    x: number,
    to: number,
    end: number,
    sample: number,
    row: number,
    places: number,
    place: number,
  ): void;
  /**
   * dx = dy at the first of each window's largest numbers, else 0, for a row of windows side by side.
   *
   * @param end of dy. @param window a window's width. @param lines its height. @param line a row of x.
   * @param place C numbers.
   */
  firstLargest(
    x: number,
    dy: number,
    dx: number,
    end: number,
    window: number,
    lines: number,
    line: number,
    place: number,
  ): void;
}

/** Four samples' four channels at a time, turned in registers. */
function samplesLast(): WasmFunction {
  const parameters = allOf("i32", "x", "to", "sample", "place", "places", "channel", "row");
  const locals = {
    ...allOf("i32", "n", "inX", "endOfX", "inTo", "c", "from", "target"),
    ...allOf("v128", "s0", "s1", "s2", "s3", "lowA", "highA", "lowB", "highB"),
  };
  return wasmFunction("samplesLast", parameters, locals, (index) => {
    const { x, to, sample, place, places, channel, row, n, inX, endOfX, inTo, c, from, target } = index;
    const { s0, s1, s2, s3, lowA, highA, lowB, highB } = index;
    const turned = [
      pick(get(lowA), get(lowB), [0, 1, 4, 5]),
      pick(get(lowA), get(lowB), [2, 3, 6, 7]),
      pick(get(highA), get(highB), [0, 1, 4, 5]),
      pick(get(highA), get(highB), [2, 3, 6, 7]),
    ];
    return loopWhileBelow(n, row, [
      ...set(inX, get(x)),
      ...set(endOfX, plus(get(x), get(places))),
      ...set(inTo, plus(get(to), get(n))),
      ...loopWhileBelow(inX, endOfX, [
        ...set(c, constant(0)),
        ...set(target, get(inTo)),
        ...loopWhileBelow(c, place, [
          ...set(from, plus(get(inX), get(c))),
          ...[s0, s1, s2, s3].flatMap((s) => [...set(s, load(get(from))), ...advance(from, get(sample))]),
          ...set(lowA, pick(get(s0), get(s1), [0, 4, 1, 5])),
          ...set(highA, pick(get(s0), get(s1), [2, 6, 3, 7])),
          ...set(lowB, pick(get(s2), get(s3), [0, 4, 1, 5])),
          ...set(highB, pick(get(s2), get(s3), [2, 6, 3, 7])),
          ...turned.flatMap((four) => [...store(get(target), four), ...advance(target, get(channel))]),
          ...advance(c, constant(16)),
        ]),
        ...advance(inX, get(place)),
        ...advance(inTo, get(row)),
      ]),
      ...[0, 1, 2, 3].flatMap(() => advance(x, get(sample))),
      ...advance(n, constant(16)),
    ]);
  });
}

function placesFirst(): WasmFunction {
  const parameters = allOf("i32", "x", "to", "end", "sample", "row", "places", "place");
  const locals = allOf("i32", "inX", "endOfX", "inTo", "c");
  return wasmFunction("placesFirst", parameters, locals, (index) => {
    const { x, to, end, sample, row, places, place, inX, endOfX, inTo, c } = index;
    return loopWhileBelow(x, end, [
      ...set(inX, get(x)),
      ...set(endOfX, plus(get(x), get(places))),
      ...set(inTo, get(to)),
      ...loopWhileBelow(inX, endOfX, [
        ...set(c, constant(0)),
        ...loopWhileBelow(c, row, [
          ...store(plus(get(inTo), get(c)), load(plus(get(inX), get(c)))),
          ...advance(c, constant(16)),
        ]),
        ...advance(inX, get(row)),
        ...advance(inTo, get(place)),
      ]),
      ...advance(x, get(sample)),
      ...advance(to, get(row)),
    ]);
  });
}

function firstLargest(): WasmFunction {
  const parameters = allOf("i32", "x", "dy", "dx", "end", "window", "lines", "line", "place");
  const locals = {
    ...allOf("i32", "c", "y", "at", "endOfLine"),
    ...allOf("v128", "largest", "taken", "d", "hit"),
  };
  return wasmFunction("firstLargest", parameters, locals, (index) => {
    const { x, dy, dx, end, window, lines, line, place, c, y, at, endOfLine } = index;
    const { largest, taken, d, hit } = index;
    const overWindow = (body: Code): Code => [
      ...set(y, constant(0)),
      ...loopWhileBelow(y, lines, [
        ...set(at, plus(get(y), get(c))),
        ...set(endOfLine, plus(get(y), get(window))),
        ...loopWhileBelow(at, endOfLine, [...body, ...advance(at, get(place))]),
        ...advance(y, get(line)),
      ]),
    ];
    return loopWhileBelow(dy, end, [
      ...set(c, constant(0)),
      ...loopWhileBelow(c, place, [
        ...set(largest, splat(minusInfinity)),
        ...overWindow(set(largest, atLeast(get(largest), load(plus(get(x), get(at)))))),
        ...set(taken, zeros),
        ...set(d, load(plus(get(dy), get(c)))),
        ...overWindow([
          ...set(hit, andNot(equalF32(load(plus(get(x), get(at))), get(largest)), get(taken))),
          ...store(plus(get(dx), get(at)), and(get(d), get(hit))),
          ...set(taken, or(get(taken), get(hit))),
        ]),
        ...advance(c, constant(16)),
      ]),
      ...advance(x, get(window)),
      ...advance(dx, get(window)),
      ...advance(dy, get(place)),
    ]);
  });
}

export const layoutFunctions: readonly WasmFunction[] = [samplesLast(), placesFirst(), firstLargest()];
