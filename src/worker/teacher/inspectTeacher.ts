import { toWire } from "../../contract/errors.ts";
import type { InspectedTensor, Listed, TeacherInspection, TeacherOptions } from "../../contract/teacher.ts";
import type { StateDictMismatch, TensorFact } from "../../contract/tensorFact.ts";
import type { Architecture } from "../../formats/architecture.ts";
import { boundedRefusal } from "../../formats/boundedRefusal.ts";
import type { Checkpoint } from "../../formats/checkpoint.ts";
import type { TfjsModelFiles } from "../../formats/tfjsModel.ts";
import type { ModelPort } from "../../formats/tfjsSignature.ts";
import type { OnnxModel } from "../../formats/onnxModel.ts";
import { describeValue, onnxOptions } from "../../formats/onnxOptions.ts";
import { shownList, shownName, shownNotes, shownReport } from "../../formats/quote.ts";
import { tfjsOptions } from "../../formats/tfjsOptions.ts";
import { findWeights, type AboutFile, type GivenFile, type Weights } from "../../formats/weightFiles.ts";
import { describeCheckpoint, describeOnnxModel, describeTfjsModel } from "../../formats/weightsReport.ts";
import { recogniseTeacher, type RecognisedTeacher } from "../../ml/teachers/recogniseTeacher.ts";

/** More would make the page stumble when the list arrives, and be read by nobody. */
const mostTensors = 5000;
const mostMismatches = 200;
/** Inputs and outputs of a model, each a line. */
const mostPorts = 20;

type Facts = Omit<TeacherInspection, "format" | "holdsPictures">;

const nothingKnown: Facts = {
  layout: null,
  card: null,
  stages: null,
  inputs: [],
  outputs: [],
  options: null,
  notes: [],
  tensors: { count: 0, first: [] },
  elements: 0,
  mismatch: null,
  refusal: null,
};

/** Reads files that may become the teacher and says what they hold, or why they are refused. Loads nothing. */
export async function inspectTeacher(files: readonly GivenFile[]): Promise<TeacherInspection> {
  const { format, holdsPictures, read } = await findWeights(files);
  try {
    return shown({ format, holdsPictures, ...factsOf(await read()) });
  } catch (error) {
    return shown({ format, holdsPictures, ...nothingKnown, refusal: toWire(boundedRefusal(error)) });
  }
}

/** With texts and lists cut and escaped; but for the names by which outputs are asked for, which must be right. */
function shown({ options, refusal, notes, card, ...more }: TeacherInspection): TeacherInspection {
  return {
    ...shownReport(more, mostTensors),
    card: card === null ? null : { ...shownReport(card, mostPorts), notes: shownNotes(card.notes) },
    options: options === null ? null : shownOptions(options),
    notes: shownNotes(notes),
    refusal,
  };
}

/** Without the outputs whose names cannot be shown as they are; the one that is used unasked stays. */
function shownOptions(options: TeacherOptions): TeacherOptions {
  const { output } = options.recipe;
  const outputs = options.outputs.filter(({ name }) => name === output || shownName(name) === name);
  return {
    ...options,
    outputs: outputs.map((each) => ({ ...shownReport(each, mostPorts), name: each.name })),
  };
}

function factsOf(weights: Weights): Facts {
  switch (weights.kind) {
    case "tfjs":
      return factsOfTfjsModel(weights.model);
    case "onnx":
      return factsOfOnnxModel(weights.model);
    case "checkpoint":
      return factsOfCheckpoint(weights.checkpoint, weights.about);
  }
}

function factsOfCheckpoint(checkpoint: Checkpoint, about: AboutFile): Facts {
  const { layout, notes, tensors } = describeCheckpoint(checkpoint);
  const known = { ...nothingKnown, layout: layout.title };
  let recognised: RecognisedTeacher;
  try {
    recognised = recogniseTeacher(checkpoint, about);
  } catch (error) {
    return { ...known, notes, ...listTensors(tensors, leftOut), refusal: toWire(boundedRefusal(error)) };
  }
  const { architecture, card, dropped, mismatch, refusal } = recognised;
  return {
    ...known,
    card,
    notes: card.notes,
    stages: stagesOf(architecture),
    ...listTensors(tensors, usesIn(mismatch, dropped)),
    mismatch: listMismatch(mismatch),
    refusal: refusal === null ? null : toWire(boundedRefusal(refusal)),
  };
}

function factsOfTfjsModel(model: TfjsModelFiles): Facts {
  const { inputs, outputs, labels, notes, tensors } = describeTfjsModel(model);
  return {
    ...nothingKnown,
    inputs: shownList(inputs.map(describePort), mostPorts),
    outputs: shownList(outputs.map(describePort), mostPorts),
    ...optionsOrRefusal(() => tfjsOptions(model)),
    notes: [
      ...notes,
      ...(labels.length === 0
        ? []
        : [`Its classes, which are not used: ${shownList(labels, mostPorts).join(", ")}.`]),
      "Whether TensorFlow.js can build it shows when it is used.",
    ],
    ...listTensors(tensors, () => ""),
  };
}

function factsOfOnnxModel(model: OnnxModel): Facts {
  const { irVersion, producer, opsets, inputs, outputs, nodes, notes, tensors } = describeOnnxModel(model);
  let more: readonly string[] = [];
  const options = optionsOrRefusal(() => {
    const { notes, ...options } = onnxOptions(model);
    more = notes;
    return options;
  });
  return {
    ...nothingKnown,
    layout: [`IR version ${irVersion}`, ...opsets, `${nodes} operations`].join(", "),
    inputs: shownList(inputs.map(describeValue), mostPorts),
    outputs: shownList(outputs.map(describeValue), mostPorts),
    ...options,
    notes: [...(producer === "" ? [] : [`Written by ${producer}.`]), ...notes, ...more],
    ...listTensors(tensors, () => ""),
  };
}

function optionsOrRefusal(find: () => TeacherOptions): Pick<Facts, "options" | "refusal"> {
  try {
    return { options: find(), refusal: null };
  } catch (error) {
    return { options: null, refusal: toWire(boundedRefusal(error)) };
  }
}

function listTensors(
  tensors: readonly TensorFact[],
  useOf: (tensor: TensorFact) => string,
): Pick<Facts, "tensors" | "elements"> {
  const listed = tensors.slice(0, mostTensors).map((tensor): InspectedTensor => {
    const { name, dtype, storedAs, shape } = tensor;
    const type = storedAs === undefined ? dtype : `${dtype}, stored as ${storedAs}`;
    return { name, dtype: type, shape, use: useOf(tensor) };
  });
  const elements = tensors.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
  return { tensors: { count: tensors.length, first: listed }, elements };
}

function leftOut({ ignored }: TensorFact): string {
  return ignored === undefined ? "" : `not used: ${ignored}`;
}

/** What becomes of each tensor of a recognised network. */
function usesIn(mismatch: StateDictMismatch, dropped: readonly string[]): (tensor: TensorFact) => string {
  const classifier = new Set(dropped);
  const unexpected = new Set(mismatch.unexpected.map(({ name }) => name));
  const expected = new Map(mismatch.wrongShape.map((tensor) => [tensor.name, tensor.expected]));
  return (tensor) => {
    const { as } = tensor;
    if (as === undefined) return leftOut(tensor);
    if (classifier.has(as)) return "not used: a classifier";
    if (unexpected.has(as)) return "unexpected";
    const shape = expected.get(as);
    return shape === undefined ? as : `wrong shape: [${shape.join(", ")}] is needed`;
  };
}

function listMismatch({ missing, unexpected, wrongShape }: StateDictMismatch): Facts["mismatch"] {
  if (missing.length + unexpected.length + wrongShape.length === 0) return null;
  return { missing: listed(missing), unexpected: listed(unexpected), wrongShape: listed(wrongShape) };
}

function listed<T>(items: readonly T[]): Listed<T> {
  return { count: items.length, first: items.slice(0, mostMismatches) };
}

/** Channels of a ResNet's stages; the other families' names say all there is. */
function stagesOf(architecture: Architecture): string | null {
  if (architecture.family !== "resnet") return null;
  const { block, blocks, stageChannels } = architecture;
  return `${blocks.join(", ")} ${block} blocks; ${stageChannels.join(", ")} channels`;
}

function describePort({ name, dtype, shape }: ModelPort): string {
  const sides = shape === null ? "" : ` [${shape.map((length) => length ?? "any").join(", ")}]`;
  return `${name}${sides}${dtype === null ? "" : ` ${dtype}`}`;
}
