import { allOf, wasmFunction, type WasmFunction } from "./assemble.ts";
import {
  addF32,
  addI32,
  advance,
  and,
  constant,
  divF32,
  get,
  greater,
  largerF32,
  load,
  loopWhileBelow,
  mulF32,
  nearestF32,
  notAboveF32,
  number,
  set,
  shiftLeftI32,
  smallerF32,
  store,
  subF32,
  toI32,
  type Code,
} from "./instructions.ts";

/** Those with WebAssembly of their own. */
type CodedActivation = "relu" | "relu6" | "hardswish" | "hardsigmoid" | "silu" | "sigmoid";
/** GELU is worked out in JavaScript: no student has it. */
export type ActivationName = CodedActivation | "gelu";

/** Addresses are byte offsets; `end` is x's, after a multiple of four numbers. */
export type ActivationExports = {
  /** y = f(x) */
  readonly [fn in CodedActivation]: (x: number, y: number, end: number) => void;
} & {
  /** to = d · f′(x) */
  readonly [fn in CodedActivation as `${fn}Gradient`]: (
    x: number,
    d: number,
    to: number,
    end: number,
  ) => void;
};

/** Locals of every function: four of x's numbers, and what an exponential goes through. */
const locals = allOf("v128", "value", "power", "rest", "sigmoid");
type Locals = Readonly<Record<keyof typeof locals, number>>;

interface Coded {
  /** f of local `value`. */
  readonly result: (index: Locals) => Code;
  /** f′ of local `value`. */
  readonly slope: (index: Locals) => Code;
  /** What both need first. */
  readonly before?: (index: Locals) => Code;
}

const zero = number(0);
const one = number(1);
const sixth = number(1 / 6);
const clampedTo6 = (x: Code): number[] => smallerF32(largerF32(x, zero), number(6));
/** All bits where 0 < x ≤ 6, as tfjs and PyTorch have it. */
const within6 = (x: Code): number[] => and(greater(x, zero), notAboveF32(x, number(6)));
const shifted = (value: number): number[] => addF32(get(value), number(3));
const hardsigmoid = ({ value }: Locals): number[] => mulF32(clampedTo6(shifted(value)), sixth);

const coded: Record<CodedActivation, Coded> = {
  relu: {
    result: ({ value }) => largerF32(get(value), zero),
    slope: ({ value }) => and(one, greater(get(value), zero)),
  },
  relu6: {
    result: ({ value }) => clampedTo6(get(value)),
    slope: ({ value }) => and(one, within6(get(value))),
  },
  hardsigmoid: { result: hardsigmoid, slope: ({ value }) => and(sixth, within6(shifted(value))) },
  hardswish: {
    result: (index) => mulF32(get(index.value), hardsigmoid(index)),
    slope: (index) =>
      addF32(hardsigmoid(index), and(mulF32(get(index.value), sixth), within6(shifted(index.value)))),
  },
  sigmoid: {
    before: setSigmoid,
    result: ({ sigmoid }) => get(sigmoid),
    slope: ({ sigmoid }) => mulF32(get(sigmoid), subF32(one, get(sigmoid))),
  },
  silu: {
    before: setSigmoid,
    result: ({ value, sigmoid }) => mulF32(get(value), get(sigmoid)),
    slope: ({ value, sigmoid }) =>
      mulF32(get(sigmoid), addF32(one, mulF32(get(value), subF32(one, get(sigmoid))))),
  },
};

/**
 * sigmoid = 1 / (1 + e⁻ˣ), the exponential as Cephes' expf has it: e^z = 2ⁿ · e^r with |r| ≤ ½ ln 2 and a polynomial of
 * degree 7, to about an ulp. z is held in [−87, 88], where 2ⁿ is a float32; NaN stays.
 */
function setSigmoid({ value, power, rest, sigmoid }: Locals): Code {
  const z = smallerF32(largerF32(subF32(zero, get(value)), number(-87)), number(88));
  const coefficients = [
    1.98756915e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1,
  ];
  const series = coefficients.map(number).reduce((sum, next) => addF32(mulF32(sum, get(rest)), next));
  const exponential = addF32(addF32(mulF32(series, mulF32(get(rest), get(rest))), get(rest)), one);
  const twoToTheN = shiftLeftI32(addI32(toI32(get(power)), toI32(number(127))), 23);
  return [
    ...set(rest, z),
    ...set(power, nearestF32(mulF32(get(rest), number(Math.LOG2E)))),
    // ln 2 in two parts, the first of few bits, so that nothing is lost
    ...set(rest, subF32(get(rest), mulF32(get(power), number(0.693359375)))),
    ...set(rest, subF32(get(rest), mulF32(get(power), number(-2.1219444e-4)))),
    ...set(sigmoid, divF32(one, addF32(one, mulF32(exponential, twoToTheN)))),
  ];
}

function resultFunction(name: CodedActivation): WasmFunction {
  const { before, result } = coded[name];
  return wasmFunction(name, allOf("i32", "x", "y", "end"), locals, (index) => {
    const { x, y, end, value } = index;
    return loopWhileBelow(x, end, [
      ...set(value, load(get(x))),
      ...(before?.(index) ?? []),
      ...store(get(y), result(index)),
      ...[x, y].flatMap((place) => advance(place, constant(16))),
    ]);
  });
}

function gradientFunction(name: CodedActivation): WasmFunction {
  const { before, slope } = coded[name];
  return wasmFunction(`${name}Gradient`, allOf("i32", "x", "d", "to", "end"), locals, (index) => {
    const { x, d, to, end, value } = index;
    return loopWhileBelow(x, end, [
      ...set(value, load(get(x))),
      ...(before?.(index) ?? []),
      ...store(get(to), mulF32(load(get(d)), slope(index))),
      ...[x, d, to].flatMap((place) => advance(place, constant(16))),
    ]);
  });
}

const names = Object.keys(coded) as CodedActivation[];

export const activationFunctions: readonly WasmFunction[] = names.flatMap((name) => [
  resultFunction(name),
  gradientFunction(name),
]);
