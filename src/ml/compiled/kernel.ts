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
  /** WGSL statements; `id` is the invocation's vec3i. */
  readonly body: string;
  /** WGSL declarations before the entry point. */
  readonly declarations?: string;
}

export interface Binding {
  readonly name: string;
  readonly type: "f32" | "vec4f" | "u32" | "vec4u";
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

/** The shader module of a kernel: equal texts share a pipeline. */
export function shaderOf(kernel: Kernel): string {
  const fields = Object.keys(kernel.shape);
  const uniform =
    fields.length === 0
      ? ""
      : `struct Shape { ${fields.map((field) => `${field}: i32,`).join(" ")} }
@group(0) @binding(0) var<uniform> shape: Shape;`;
  const storage = kernel.bindings.map(
    ({ name, type, access }, i) =>
      `@group(0) @binding(${i + 1}) var<storage, ${access === "read" ? "read" : "read_write"}> ${name}: array<${type}>;`,
  );
  return `${uniform}
${storage.join("\n")}
${kernel.declarations ?? ""}
@compute @workgroup_size(${kernel.workgroup.join(", ")})
fn main(@builtin(global_invocation_id) invocation: vec3u) {
let id = vec3i(invocation);
${kernel.body}
}
`;
}

const mostWorkgroups = 65535;

/** @throws RangeError when the kernel is too large to launch. */
export function workgroupsOf({ label, threads, workgroup }: Kernel): [number, number, number] {
  const counts = threads.map((count, axis) => Math.ceil(count / (workgroup[axis] as number)));
  if (counts.some((count) => count > mostWorkgroups)) {
    throw new RangeError(
      `${label} needs ${counts.join("×")} workgroups, at most ${mostWorkgroups} are possible`,
    );
  }
  return counts as [number, number, number];
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

/** Invocations of a kernel over channel groups (x) and rows (y): 64 to a workgroup, channels side by side. */
export function channelsByRows(channelGroups: number, rows: number): Pick<Kernel, "threads" | "workgroup"> {
  let x = 1;
  while (x < channelGroups && x < 16) x *= 2;
  return { threads: [channelGroups, rows, 1], workgroup: [x, 64 / x, 1] };
}

/** Channels are stored in groups of four, the last one filled up with zeros. */
export function padToFour(channels: number): number {
  return Math.ceil(channels / 4) * 4;
}
