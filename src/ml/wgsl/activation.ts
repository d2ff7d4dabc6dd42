/** What a kernel does to its sum before it writes it, in this order. */
export interface Epilogue {
  readonly bias?: boolean;
  readonly residual?: boolean;
  readonly activation?: CompiledActivation;
}

/** The activations kernels know; "gelu" needs the error function, which WGSL has not. */
export type CompiledActivation = "relu" | "relu6" | "hardswish" | "hardsigmoid" | "silu" | "sigmoid";

/** WGSL of an activation of a vec4f expression. */
export function activation(name: CompiledActivation | undefined, value: string): string {
  switch (name) {
    case undefined:
      return value;
    case "relu":
      return `max(${value}, vec4f(0))`;
    case "relu6":
      return `clamp(${value}, vec4f(0), vec4f(6))`;
    case "sigmoid":
    case "silu":
    case "hardsigmoid":
    case "hardswish":
      return `${name}(${value})`;
  }
}

/** WGSL of its derivative, at the value before it. */
export function activationSlope(name: CompiledActivation, value: string): string {
  switch (name) {
    case "relu":
      return `select(vec4f(0), vec4f(1), ${value} > vec4f(0))`;
    case "relu6":
      return `select(vec4f(0), vec4f(1), (${value} > vec4f(0)) & (${value} < vec4f(6)))`;
    default:
      return `${name}Slope(${value})`;
  }
}

/** WGSL functions that `activation` and `activationSlope` call, for a kernel's declarations. */
const activationDeclarations = `
fn sigmoid(x: vec4f) -> vec4f { return 1.0 / (1.0 + exp(-x)); }
fn sigmoidSlope(x: vec4f) -> vec4f { let s = sigmoid(x); return s * (1.0 - s); }
fn silu(x: vec4f) -> vec4f { return x * sigmoid(x); }
fn siluSlope(x: vec4f) -> vec4f { let s = sigmoid(x); return s * (1.0 + x * (1.0 - s)); }
fn hardsigmoid(x: vec4f) -> vec4f { return clamp(x + 3.0, vec4f(0), vec4f(6)) / 6.0; }
fn hardsigmoidSlope(x: vec4f) -> vec4f { return select(vec4f(0), vec4f(1.0 / 6.0), (x > vec4f(-3)) & (x < vec4f(3))); }
fn hardswish(x: vec4f) -> vec4f { return x * hardsigmoid(x); }
fn hardswishSlope(x: vec4f) -> vec4f {
  return select(select((2.0 * x + 3.0) / 6.0, vec4f(1), x >= vec4f(3)), vec4f(0), x <= vec4f(-3));
}`;

/** The declarations a kernel needs for an activation: none for the plain ones. */
export function declarationsFor(name: CompiledActivation | undefined): { declarations?: string } {
  const plain = name === undefined || name === "relu" || name === "relu6";
  return plain ? {} : { declarations: activationDeclarations };
}
