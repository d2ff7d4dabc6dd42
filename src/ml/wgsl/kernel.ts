import type { Struct } from "./struct.ts";

/**
 * One compute kernel with its shape: what a plan (`plan.ts`) launches. Plain data, so that it can be tested alone.
 *
 * Shapes are uniforms, not literals: kernels that differ in shape only share one pipeline, which is what keeps the
 * first step near (a software adapter compiles some ten pipelines a second).
 */
export interface Kernel {
  readonly label: string;
  readonly bindings: readonly Binding[];
  /** Whole numbers, in the body as `shape.<name>`. */
  readonly shape: Readonly<Record<string, number>>;
  /** How many invocations are wanted in x, y and z; the last workgroups may have more, so the body must check. */
  readonly threads: readonly [number, number, number];
  readonly workgroup: readonly [number, number, number];
  /** Invocations are counted in one line, row by row of so many columns; the body finds both in `id.x` and `id.y`. */
  readonly rowLength?: number;
  /** The body works by workgroups: it has `block`, which of them as a vec3i, and `lane`, which invocation of it, in place of `id`. */
  readonly byWorkgroup?: true;
  /** WGSL statements; `id` is the invocation's vec3i. */
  readonly body: string;
  /** WGSL declarations before the entry point. */
  readonly declarations?: string;
}

export interface Binding {
  readonly name: string;
  /** Of an element. */
  readonly type: "f32" | "vec4f" | "u32" | "vec4u" | Struct;
  /** There is one element, not an array of them. */
  readonly single?: true;
  /** "read" in the kernel only; "write" also where it reads what it will overwrite. */
  readonly access: "read" | "write";
}

export function read(name: string, type: Binding["type"] = "vec4f"): Binding {
  return { name, type, access: "read" };
}

export function write(name: string, type: Binding["type"] = "vec4f"): Binding {
  return { name, type, access: "write" };
}

/** The WGSL text 0…n−1 times over. */
export function repeat(count: number, text: (i: number) => string): string {
  return Array.from({ length: count }, (_, i) => text(i)).join("");
}

/** A floating-point literal. */
export function float(value: number): string {
  const text = String(value);
  return /[.e]/.test(text) ? text : `${text}.0`;
}

/** A number for a kernel's shape, which holds whole numbers only: there it is `bitcast<f32>(shape.<name>)`. */
export function floatBits(value: number): number {
  return new Int32Array(Float32Array.of(value).buffer)[0] as number;
}

/** What the body reads as `shape`, in the order of its fields. */
export function uniformsOf({ shape, rowLength }: Kernel): Kernel["shape"] {
  return rowLength === undefined ? shape : { ...shape, rowLength };
}

/** The shader module of a kernel: equal texts share a pipeline. */
export function shaderOf(kernel: Kernel): string {
  const fields = Object.keys(uniformsOf(kernel));
  const uniform =
    fields.length === 0
      ? ""
      : `struct Shape { ${fields.map((field) => `${field}: i32,`).join(" ")} }
@group(0) @binding(0) var<uniform> shape: Shape;`;
  const structs = new Set<string>();
  const storage = kernel.bindings.map(({ name, type, access, single }, i) => {
    if (typeof type !== "string") structs.add(`${type.declaration}\n`);
    const element = typeof type === "string" ? type : type.name;
    const held = single === true ? element : `array<${element}>`;
    return `@group(0) @binding(${i + 1}) var<storage, ${access === "read" ? "read" : "read_write"}> ${name}: ${held};`;
  });
  return `${uniform}
${[...structs].join("")}${storage.join("\n")}
${kernel.declarations ?? ""}
@compute @workgroup_size(${kernel.workgroup.join(", ")})
fn main(${kernel.byWorkgroup === true ? workgroupArguments : "@builtin(global_invocation_id) invocation: vec3u"}) {
${idOf(kernel)}
${kernel.body}
}
`;
}

const workgroupArguments =
  "@builtin(workgroup_id) workgroup: vec3u, @builtin(local_invocation_index) invocation: u32";

function idOf({ rowLength, byWorkgroup }: Kernel): string {
  if (byWorkgroup === true) return "let block = vec3i(workgroup);\nlet lane = i32(invocation);";
  if (rowLength === undefined) return "let id = vec3i(invocation);";
  // Unsigned: there may be more than 2³¹, and no buffer holds a vector for each of 2³².
  return `let line = invocation.x + invocation.y * ${lineThreads}u;
let rowLength = u32(shape.rowLength);
let id = vec3i(vec3u(line % rowLength, line / rowLength, 0));`;
}

const mostWorkgroups = 65535;

/** @throws RangeError when the kernel is too large to launch. */
export function workgroupsOf(kernel: Kernel): [number, number, number] {
  const counts = workgroupCounts(kernel);
  if (!isLaunchable(kernel)) {
    throw new RangeError(
      `${kernel.label} needs ${counts.join("×")} workgroups, at most ${mostWorkgroups} are possible`,
    );
  }
  return counts;
}

export function isLaunchable(kernel: Kernel): boolean {
  return workgroupCounts(kernel).every((count) => count <= mostWorkgroups);
}

function workgroupCounts({ threads, workgroup }: Kernel): [number, number, number] {
  const [x, y, z] = threads;
  return [Math.ceil(x / workgroup[0]), Math.ceil(y / workgroup[1]), Math.ceil(z / workgroup[2])];
}

const lineWorkgroup = 64;
const lineThreads = 32_768 * lineWorkgroup;

/**
 * The frame of a kernel over `count` items in a row: threads, workgroup, and WGSL that defines `i` and leaves when
 * there is no item i. Long rows are folded into y.
 */
export function overItems(count: number): Pick<Kernel, "threads" | "workgroup"> & {
  readonly enter: string;
  readonly shape: { readonly count: number };
} {
  const rows = Math.ceil(count / lineThreads);
  return {
    threads: [rows > 1 ? lineThreads : count, rows, 1],
    workgroup: [lineWorkgroup, 1, 1],
    enter: `let i = id.x + id.y * ${lineThreads}; if (i >= shape.count) { return; }`,
    shape: { count },
  };
}

/**
 * The frame of a kernel over channel groups (`id.x`) and rows (`id.y`), channels side by side. Rows may go beyond their
 * end. Workgroups are the same for every number of channels: kernels that differ in that only share one pipeline.
 */
export function channelsByRows(
  channelGroups: number,
  rows: number,
): Pick<Kernel, "threads" | "workgroup" | "rowLength"> {
  const { threads, workgroup } = overItems(channelGroups * rows);
  return { threads, workgroup, rowLength: channelGroups };
}

/** The frame of a kernel in three dimensions: 64 invocations to a workgroup, along the first before the others. */
export function packed(threads: Kernel["threads"]): Pick<Kernel, "threads" | "workgroup"> {
  const x = powerOfTwo(threads[0], 4);
  const y = powerOfTwo(threads[1], 16 / x);
  return { threads, workgroup: [x, y, 64 / (x * y)] };
}

/** The smallest that is not below `count`, at most `limit`. */
function powerOfTwo(count: number, limit: number): number {
  let power = 1;
  while (power < count && power < limit) power *= 2;
  return power;
}

/** Channels are stored in groups of four, the last one filled up with zeros. */
export function padToFour(channels: number): number {
  return Math.ceil(channels / 4) * 4;
}
