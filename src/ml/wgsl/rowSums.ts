import type { Granularity } from "./granularity.ts";
import { channelsByRows, type Binding, type Kernel } from "./kernel.ts";
import { sharedRows } from "./sharedRows.ts";

/** Sums over rows of [segments, rows, channels], one for each segment and channel. */
export interface RowSums {
  readonly label: string;
  readonly bindings: readonly Binding[];
  readonly segments: number;
  readonly rows: number;
  readonly channels: number;
  /** WGSL of what is added up: four channels at `place`. */
  readonly value: string;
  /** WGSL that stores `sum` at `out`. */
  readonly store: string;
}

export function rowSums(sums: RowSums, { rowWorkgroups }: Granularity): Kernel {
  const { label, bindings, segments, rows, channels, value, store } = sums;
  const channelGroups = channels / 4;
  const common = { label, bindings, shape: { channelGroups, rows, segments } };
  const loop = (segment: string, channel: string, first: string, step: number): string => `var sum = vec4f(0);
for (var r = ${first}; r < shape.rows; r += ${step}) {
  let place = (${segment} * shape.rows + r) * shape.channelGroups + ${channel};
  sum += ${value};
}`;
  if (rowWorkgroups === null) {
    return {
      ...common,
      ...channelsByRows(channelGroups, segments),
      body: `
if (id.x >= shape.channelGroups || id.y >= shape.segments) { return; }
${loop("id.y", "id.x", "0", 1)}
let out = id.y * shape.channelGroups + id.x;
${store}`,
    };
  }
  const lanes = sharedRows(channelGroups, 1);
  return {
    ...common,
    ...lanes.frame(segments),
    declarations: lanes.declarations,
    body: `
${lanes.enter("shape.channelGroups")}
${loop("block.y", "c", "select(shape.rows, laneRow, present)", lanes.down)}
${lanes.sumUp("sum")}
if (laneRow == 0 && present) {
  let out = block.y * shape.channelGroups + c;
  ${store}
}`,
  };
}
