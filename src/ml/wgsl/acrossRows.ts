import type { Granularity } from "./granularity.ts";
import type { Kernel } from "./kernel.ts";

/** How workgroups go along rows, one each, that are summed up or searched for their largest value. */
export interface AcrossRows {
  readonly frame: Pick<Kernel, "threads" | "workgroup" | "byWorkgroup">;
  readonly shape: { readonly rows: number };
  /** WGSL functions `sumOf(lane, value)` and `largestOf(lane, value)`: of all lanes, to all lanes. */
  readonly declarations: string;
  /** WGSL: `row`; leaves where there is none. */
  readonly enter: string;
  /** WGSL of a loop over `j` below `count`, shared among the lanes. */
  readonly along: (count: string, body: string) => string;
}

const hardwareLanes = 64;
const mostAcross = 32_768;

/** On software adapters a row has one lane: what lanes hand each other there costs more than it saves. */
export function acrossRows(rows: number, { rowWorkgroups }: Granularity): AcrossRows {
  const lanes = rowWorkgroups === null ? 1 : hardwareLanes;
  return {
    frame: {
      threads: [Math.min(rows, mostAcross) * lanes, Math.ceil(rows / mostAcross), 1],
      workgroup: [lanes, 1, 1],
      byWorkgroup: true,
    },
    shape: { rows },
    declarations:
      lanes === 1
        ? functionsOf((_, value) => `return ${value};`)
        : `var<workgroup> laneValues: array<f32, ${lanes}>;
${functionsOf(
  (join, value) => `workgroupBarrier();
laneValues[lane] = ${value};
workgroupBarrier();
for (var half = ${lanes / 2}; half > 0; half /= 2) {
  if (lane < half) { laneValues[lane] = ${join("laneValues[lane]", "laneValues[lane + half]")}; }
  workgroupBarrier();
}
return laneValues[0];`,
)}`,
    enter: `let row = block.x + block.y * ${mostAcross};
if (row >= shape.rows) { return; }`,
    along: (count, body) => `for (var j = lane; j < ${count}; j += ${lanes}) { ${body} }`,
  };
}

type Join = (a: string, b: string) => string;

function functionsOf(body: (join: Join, value: string) => string): string {
  const joins: readonly (readonly [string, Join])[] = [
    ["sumOf", (a, b) => `${a} + ${b}`],
    ["largestOf", (a, b) => `max(${a}, ${b})`],
  ];
  return joins
    .map(([name, join]) => `fn ${name}(lane: i32, value: f32) -> f32 {\n${body(join, "value")}\n}`)
    .join("\n");
}
