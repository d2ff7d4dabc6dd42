import { invariant } from "../../../lib/invariant.ts";
import type { LayerIndex } from "../../models/network.ts";
import { addTo, copy } from "../../wgsl/elementwise.ts";
import type { Plan, PlanTensor } from "../plan/plan.ts";
import type { Value } from "../plan/value.ts";

/** Collects the gradients by the results of layers while a tape is walked backwards. */
export class GradientSinks {
  private readonly gradients = new Map<LayerIndex, PlanTensor>();

  constructor(
    private readonly plan: Plan,
    private readonly values: ReadonlyMap<LayerIndex, Value>,
    private readonly wanted: ReadonlySet<LayerIndex>,
    /** [parameters' layout] */
    readonly parameterGradients: PlanTensor,
  ) {}

  gradientOf(index: LayerIndex): PlanTensor | undefined {
    return this.gradients.get(index);
  }

  /** A contribution that a kernel can write or add. Not launched where nothing needs it. */
  add(index: LayerIndex, launch: (into: PlanTensor, accumulate: boolean) => void): void {
    if (!this.wanted.has(index)) return;
    const before = this.gradients.get(index);
    if (before !== undefined) {
      launch(before, true);
      return;
    }
    const value = this.values.get(index);
    invariant(value !== undefined, `layer ${index} has a result`);
    const gradient = this.plan.transient(`gradient of ${value.tensor.label}`, value.tensor.size);
    this.gradients.set(index, gradient);
    launch(gradient, false);
  }

  /** A contribution that lies there already. It may be added to afterwards, so only its last user may give it away. */
  adopt(index: LayerIndex, gradient: PlanTensor): void {
    if (!this.wanted.has(index)) return;
    const isTaken = [...this.gradients].some(([other, tensor]) => tensor === gradient && this.isOpen(other));
    const before = this.gradients.get(index);
    if (before === undefined && !isTaken) {
      this.gradients.set(index, gradient);
      return;
    }
    this.add(index, (into, accumulate) => {
      const { size } = gradient;
      this.plan.launch(accumulate ? addTo(size) : copy(size), [gradient, into]);
    });
  }

  /** Gradients whose producer has not run backwards yet. */
  private readonly closed = new Set<LayerIndex>();
  close(index: LayerIndex): void {
    this.closed.add(index);
  }
  private isOpen(index: LayerIndex): boolean {
    return !this.closed.has(index);
  }
}
