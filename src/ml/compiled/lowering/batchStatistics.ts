import { invariant } from "../../../lib/invariant.ts";
import { padToFour } from "../../wgsl/kernel.ts";
import {
  followStatistics,
  subBatchesOf,
  statisticsTable,
  type NormShape,
  type StatisticsRow,
} from "../../wgsl/batchNorm.ts";
import type { FusedLayer, NormLayer } from "../fusion/fuseLayers.ts";
import type { NetworkMemory } from "../plan/placeNetwork.ts";
import type { Plan, PlanSlice, PlanTensor } from "../plan/plan.ts";

/** How a network's BatchNorms work in train mode. */
export interface TrainNorms {
  readonly kind: "train";
  readonly views: number;
  /** With statistics of their own: more than one is split BatchNorm. */
  readonly subBatchesPerView: number;
  readonly viewOrder: "forward" | "backward";
}

/** Statistics of a batch by all of a network's BatchNorms, in one tensor, which the running ones follow in one launch. */
export class BatchStatistics {
  private readonly rows: StatisticsRow[] = [];
  private used = 0;

  private constructor(
    private readonly plan: Plan,
    private readonly memory: NetworkMemory,
    private readonly norms: TrainNorms,
    private readonly tensor: PlanTensor,
  ) {}

  /** @returns null for a network without BatchNorm. */
  static place(
    plan: Plan,
    memory: NetworkMemory,
    norms: TrainNorms,
    fused: readonly FusedLayer[],
  ): BatchStatistics | null {
    let size = 0;
    for (const { layer } of fused) if (layer.kind === "batchNorm") size += floatsOf(norms, layer);
    return size === 0 ? null : new BatchStatistics(plan, memory, norms, plan.transient("statistics", size));
  }

  /** The place of one BatchNorm's statistics. */
  of(layer: NormLayer, { samples, subBatchesPerView, pixels, channels }: NormShape): PlanSlice {
    const { buffers } = this.memory;
    const offset = this.used;
    this.used += floatsOf(this.norms, layer);
    this.rows.push({
      from: offset / 4,
      channelGroups: channels / 4,
      runningMean: buffers.offsetOf(`${layer.name}.running_mean`) / 4,
      runningVariance: buffers.offsetOf(`${layer.name}.running_var`) / 4,
      count: (samples / subBatchesPerView) * pixels,
      momentum: layer.momentum,
    });
    return { tensor: this.tensor, offset, size: subBatchesOf(this.norms) * 2 * channels };
  }

  /** Moves the running statistics. @returns what must be filled once, when the plan is built. */
  follow(): { readonly tensor: PlanTensor; readonly data: Uint32Array<ArrayBuffer> } {
    const { plan, memory, norms } = this;
    invariant(memory.bufferTensor !== null, "a network with BatchNorm has running statistics");
    const { data, channelGroups } = statisticsTable(this.rows);
    const table = plan.persistent("statistics table", data.length);
    plan.launch(followStatistics(channelGroups, norms, norms.viewOrder), [
      table,
      this.tensor,
      memory.bufferTensor,
    ]);
    return { tensor: table, data };
  }
}

/** The statistics of one BatchNorm start where a binding may. */
function floatsOf(norms: TrainNorms, { channels }: NormLayer): number {
  return Math.ceil((subBatchesOf(norms) * 2 * padToFour(channels)) / 64) * 64;
}
