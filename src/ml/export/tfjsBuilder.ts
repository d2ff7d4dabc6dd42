import type { TfAttribute, TfGraphNode, TfGraphWeight } from "../../formats/tfjsWriter.ts";

/** Of operations on floats. */
export const float32 = { T: { type: "DT_FLOAT" } } as const;

/** A TensorFlow graph that is being laid, node by node. */
export class TfBuilder {
  readonly nodes: TfGraphNode[] = [];
  readonly weights: TfGraphWeight[] = [];
  private readonly known = new Set<string>();

  /** An operation, whose result has its name. */
  node(
    op: string,
    name: string,
    input: readonly string[],
    attr: Readonly<Record<string, TfAttribute>> = float32,
  ): string {
    this.nodes.push({ name, op, input, attr });
    return name;
  }

  placeholder(name: string, shape: readonly number[]): string {
    return this.node("Placeholder", name, [], {
      dtype: { type: "DT_FLOAT" },
      shape: { shape: { dim: shape.map((size) => ({ size: String(size) })) } },
    });
  }

  floats(name: string, shape: readonly number[], values: Float32Array): string {
    return this.constant({ name, shape, values });
  }

  integers(name: string, shape: readonly number[], ...values: number[]): string {
    return this.constant({ name, shape, values: Int32Array.from(values) });
  }

  /** Numbers of the file, once for each name. */
  private constant(weight: TfGraphWeight): string {
    if (!this.known.has(weight.name)) this.weights.push(weight);
    this.known.add(weight.name);
    return weight.name;
  }
}
