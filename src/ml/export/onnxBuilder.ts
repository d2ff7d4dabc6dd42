import type { OnnxAttribute, OnnxGraphNode, OnnxInitializer } from "../../formats/onnxWriter.ts";

/** An ONNX graph that is being laid, node by node. */
export class OnnxBuilder {
  readonly nodes: OnnxGraphNode[] = [];
  readonly initializers: OnnxInitializer[] = [];
  private readonly known = new Set<string>();

  /** An operation with one result, which has the operation's name. */
  node(
    op: string,
    name: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, OnnxAttribute>> = {},
  ): string {
    this.nodes.push({ op, name, inputs, outputs: [name], attributes });
    return name;
  }

  /** Numbers of the file, once for each name. */
  constant(name: string, shape: readonly number[], values: OnnxInitializer["values"]): string {
    if (!this.known.has(name)) this.initializers.push({ name, shape, values });
    this.known.add(name);
    return name;
  }

  scalar(name: string, value: number): string {
    return this.constant(name, [], Float32Array.of(value));
  }
}
