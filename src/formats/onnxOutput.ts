import { AppError } from "../contract/errors.ts";
import type { OnnxModel, OnnxNode, OnnxValue } from "./onnxModel.ts";
import type { ByteRange } from "./protobuf.ts";
import { joinParts, messageField, textField, type ProtoPart } from "./protobufWriter.ts";
import { quote } from "./quote.ts";

/** The part of a model that one of its values is made by. */
export interface OnnxPart {
  /** Those of the model's inputs that the value depends on. */
  readonly inputs: readonly OnnxValue[];
  readonly nodes: ReadonlySet<OnnxNode>;
  /** Names of weights. */
  readonly weights: ReadonlySet<string>;
}

const makersOf = new WeakMap<OnnxModel, ReadonlyMap<string, OnnxNode>>();

/** The node that makes each value. Asked for output by output, found once. */
export function makersIn(model: OnnxModel): ReadonlyMap<string, OnnxNode> {
  const known = makersOf.get(model);
  if (known !== undefined) return known;
  const makers = new Map<string, OnnxNode>();
  for (const node of model.nodes) for (const name of node.outputs) if (name !== "") makers.set(name, node);
  makersOf.set(model, makers);
  return makers;
}

/** What makes a value, found by walking back from it. @throws AppError "not-found" when nothing makes it. */
export function partBehind(model: OnnxModel, output: string): OnnxPart {
  const makers = makersIn(model);
  if (!makers.has(output))
    throw new AppError("not-found", `${quote(model.name)} has no value named ${quote(output)}.`, {
      hint: "Choose another output.",
    });
  const needed = new Set<string>();
  const nodes = new Set<OnnxNode>();
  const waiting = [output];
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    if (needed.has(name)) continue;
    needed.add(name);
    const node = makers.get(name);
    if (node === undefined || nodes.has(node)) continue;
    nodes.add(node);
    for (const input of node.inputs) waiting.push(input);
  }
  // The body of an If, Loop or Scan reads what it likes of the graph: then everything stays.
  const isOpaque = [...nodes].some(({ hasBody }) => hasBody);
  return {
    inputs: model.inputs.filter(({ name }) => isOpaque || needed.has(name)),
    nodes: isOpaque ? new Set(model.nodes) : nodes,
    weights: new Set(
      model.weights.filter(({ name }) => isOpaque || needed.has(name)).map(({ name }) => name),
    ),
  };
}

/**
 * The model as a file whose one output is a value of the graph, be it a declared output or an inner one. What the
 * value does not depend on (a classifier, a text encoder) is left out, weights included.
 */
export function withOutput(model: OnnxModel, output: string): Uint8Array<ArrayBuffer> {
  const { bytes, graph } = model;
  const part = partBehind(model, output);
  const wanted = new Set(part.inputs.map(({ name }) => name));
  const leftOut: ByteRange[] = [
    ...model.nodes.filter((node) => !part.nodes.has(node)).map(({ range }) => range),
    ...model.weights.filter(({ name }) => !part.weights.has(name)).map(({ range }) => range),
    ...graph.declaredOutputs,
    ...graph.declaredInputs.filter(({ name }) => !wanted.has(name) && !part.weights.has(name)),
  ];
  leftOut.sort((a, b) => a.start - b.start);
  const body: ProtoPart[] = [];
  let at = graph.body;
  for (const { start, end } of leftOut) {
    body.push(bytes.subarray(at, start));
    at = end;
  }
  body.push(bytes.subarray(at, graph.end), declaration(model, output));
  return joinParts([bytes.subarray(0, graph.start), messageField(7, ...body), bytes.subarray(graph.end)]);
}

/** A `GraphProto.output`: as it was declared, or just a name, whose type the runtime infers. */
function declaration(model: OnnxModel, output: string): ProtoPart {
  const declared = model.outputs.findIndex(({ name }) => name === output);
  const range = model.graph.declaredOutputs[declared];
  if (range !== undefined) return model.bytes.subarray(range.start, range.end);
  return messageField(12, textField(1, output));
}
