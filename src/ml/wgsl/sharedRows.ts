import { repeat, type Kernel } from "./kernel.ts";

const lanes = 256;

/**
 * How a workgroup goes over rows of channels where each channel is summed up: its lanes lie `across` groups of four
 * channels side by side and `down` rows deep, and add up what they found in workgroup memory.
 */
export interface SharedRows {
  readonly across: number;
  readonly down: number;
  /** WGSL: `laneRow`, and the lane's channel group `c`, which exists only where `present` is true. */
  readonly enter: (channelGroups: string) => string;
  readonly declarations: string;
  /** WGSL: replaces variables of all lanes by the sums over their columns of lanes. */
  readonly sumUp: (...names: string[]) => string;
  /** @param rows how many workgroups deep the grid is. */
  readonly frame: (rows: number) => Pick<Kernel, "threads" | "workgroup" | "byWorkgroup">;
}

/** @param sums how many variables are added up together. */
export function sharedRows(channelGroups: number, sums: number): SharedRows {
  let across = 1;
  while (across < channelGroups && across < 16) across *= 2;
  const down = lanes / across;
  return {
    across,
    down,
    enter: (count) => `let laneRow = lane / ${across};
let channel = block.x * ${across} + lane % ${across};
let present = channel < ${count};
let c = min(channel, ${count} - 1);`,
    declarations: repeat(sums, (i) => `var<workgroup> shared${i}: array<vec4f, ${lanes}>;\n`),
    sumUp: (
      ...names
    ) => `${names.map((name, i) => `shared${i}[lane] = ${name};\n`).join("")}workgroupBarrier();
for (var half = ${down / 2}; half > 0; half /= 2) {
  if (laneRow < half) {
    ${names.map((_, i) => `shared${i}[lane] += shared${i}[lane + half * ${across}];\n`).join("")}
  }
  workgroupBarrier();
}
${names.map((name, i) => `${name} = shared${i}[lane % ${across}];\n`).join("")}workgroupBarrier();`,
    frame: (rows) => ({
      threads: [Math.ceil(channelGroups / across) * lanes, rows, 1],
      workgroup: [lanes, 1, 1],
      byWorkgroup: true,
    }),
  };
}
