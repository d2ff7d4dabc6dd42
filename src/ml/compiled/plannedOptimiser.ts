import { invariant } from "../../lib/invariant.ts";
import type { TrainerOptions } from "../methods/studentTrainer.ts";
import type { Weights } from "../models/weights.ts";
import { vectorRule } from "../optim/muonRule.ts";
import type { Optimiser } from "../optim/optimiser.ts";
import type * as tf from "../tfjs/tf.ts";
import type { TfjsGpu } from "../tfjs/tfjsGpu.ts";
import { sgd } from "../wgsl/elementwise.ts";
import { planMuon, type PlannedMuon } from "./lowering/planMuon.ts";
import type { FlatLayout } from "./plan/parameterLayout.ts";
import type { NetworkMemory } from "./plan/placeNetwork.ts";
import type { BuiltPlan, Plan, PlanTensor } from "./plan/plan.ts";

/** What of `stepSettings` depends on the number of steps, this one included: 1 − βᵗ of Adam's moments. */
export function momentShares(steps: number): {
  readonly firstMomentShare: number;
  readonly secondMomentShare: number;
} {
  return {
    firstMomentShare: 1 - vectorRule.beta1 ** steps,
    secondMomentShare: 1 - vectorRule.beta2 ** steps,
  };
}

/** An optimiser in a plan: SGD or Muon over all parameters of a network at once, and what it remembers. */
export class PlannedOptimiser {
  /** To be filled once, when the plan is built. */
  readonly constants: PlannedMuon["constants"];
  private readonly layout: FlatLayout;
  /** With SGD velocities; with Muon those of matrices, and first moments of everything else. */
  private readonly velocities: PlanTensor;
  private readonly muon: PlannedMuon | null = null;

  /**
   * Writes a step into the plan.
   *
   * @param gradients in the layout of the parameters. What is left there means nothing.
   */
  constructor(
    plan: Plan,
    { parameters: layout, parameterTensor }: NetworkMemory,
    { settings, gradients }: { readonly settings: PlanTensor; readonly gradients: PlanTensor },
    options: TrainerOptions,
  ) {
    const velocities = plan.persistent("velocities", layout.size);
    this.layout = layout;
    this.velocities = velocities;
    if (options.optimiser === "muon") {
      const operands = { settings, gradients, velocities, parameters: parameterTensor };
      this.muon = planMuon(plan, layout, operands, options);
    } else plan.launch(sgd(layout.size, options), [settings, gradients, velocities, parameterTensor]);
    this.constants = this.muon?.constants ?? [];
  }

  /** Takes up what a run that goes on remembers; of one that begins there is nothing. */
  upload(gpu: TfjsGpu, built: BuiltPlan, { slots }: Optimiser, { parameters }: Weights): void {
    for (const [kind] of this.remembered(parameters)) {
      const values = slots[kind]?.all() ?? new Map<string, tf.Variable>();
      if (values.size === 0) continue;
      const { layout, muon } = this;
      if (kind !== "secondMoment" || muon === null)
        layout.uploadSome(gpu, values, built.bufferOf(this.velocities));
      else layout.uploadSome(gpu, values, built.bufferOf(muon.moments), muon.momentOffsetOf);
    }
  }

  /** The inverse, after so many steps. Nothing is read back. */
  download(built: BuiltPlan, optimiser: Optimiser, { parameters }: Weights, steps: number): void {
    const { layout, muon } = this;
    const { slots } = optimiser;
    if (muon !== null) optimiser.steps = steps; // SGD does not count
    for (const [kind, names] of this.remembered(parameters)) {
      const slot = slots[kind];
      invariant(slot !== undefined, `the optimiser remembers ${kind}`);
      const targets = new Map(names.map((name) => [name, slot.of(name, parameters.get(name)!)]));
      if (kind !== "secondMoment" || muon === null) {
        layout.downloadSome(built.bufferOf(this.velocities), layout.size, targets);
        continue;
      }
      const { moments, momentOffsetOf } = muon;
      layout.downloadSome(built.bufferOf(moments), moments.size, targets, momentOffsetOf);
    }
  }

  /** The optimiser's kinds of memory, with the parameters that each is of. */
  private remembered(
    parameters: Weights["parameters"],
  ): readonly (readonly [kind: string, names: readonly string[]])[] {
    const names = [...parameters.keys()];
    if (this.muon === null) return [["velocity", names]];
    const matrices = this.layout.matrixNames;
    const vectors = names.filter((name) => !matrices.has(name));
    return [
      ["velocity", names.filter((name) => matrices.has(name))],
      ["firstMoment", vectors],
      ["secondMoment", vectors],
    ];
  }
}
