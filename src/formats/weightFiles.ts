import { AppError } from "../contract/errors.ts";
import { maxCheckpointBytes, readCheckpoint, type Checkpoint } from "./checkpoint.ts";
import { readOnnxModel, type OnnxModel } from "./onnxModel.ts";
import { quote, shownList } from "./quote.ts";
import { readTfjsModel, type TfjsModelFiles } from "./tfjsModel.ts";
import { chooseCandidate, mostNamed, type Candidate } from "./weightCandidates.ts";
import { lastName, weightSources, type GivenFile, type WeightSource } from "./weightSources.ts";

export type { GivenFile } from "./weightSources.ts";

/** Name and bytes of the file, or of the files, that a checkpoint or a model is. */
export interface AboutFile {
  readonly name: string;
  readonly bytes: number;
}

export type Weights =
  | { readonly kind: "checkpoint"; readonly checkpoint: Checkpoint; readonly about: AboutFile }
  | { readonly kind: "tfjs"; readonly model: TfjsModelFiles; readonly about: AboutFile }
  | { readonly kind: "onnx"; readonly model: OnnxModel; readonly about: AboutFile };

/** Files that somebody gave, looked at from outside. */
export interface FoundWeights {
  /** For people: "PyTorch checkpoint, zip"; said also of those that cannot be read. */
  readonly format: string;
  /** There are no weights among them, but pictures. */
  readonly holdsPictures: boolean;
  /** @throws AppError with what was wrong and what to do. */
  readonly read: () => Promise<Weights>;
}

/**
 * Reads the weights that somebody gave: a checkpoint, an ONNX file, or a TensorFlow.js model as files or as a zip.
 * What it is is told by content, not by extension; what lies beside it is left out, and a note lists it.
 *
 * @throws AppError with what was wrong and what to do.
 */
export async function readWeightFiles(files: readonly GivenFile[]): Promise<Weights> {
  return (await findWeights(files)).read();
}

/** Finds the weights among files. Does not throw: what is wrong is said when they are read. */
export async function findWeights(files: readonly GivenFile[]): Promise<FoundWeights> {
  let sources: readonly WeightSource[] = [];
  try {
    sources = await weightSources(files);
    const chosen = await chooseCandidate(sources);
    if (chosen === null)
      return {
        format: formatOfSources(sources, files),
        holdsPictures: holdPictures(sources),
        read: () => refuse(sources, files),
      };
    return {
      format: formatOf(chosen),
      holdsPictures: false,
      read: async () => withLeftOut(await read(chosen), chosen, files, sources),
    };
  } catch (error) {
    return {
      format: formatOfSources(sources, files),
      holdsPictures: false,
      read: () => Promise.reject(error instanceof Error ? error : new Error(String(error))),
    };
  }
}

async function read(chosen: Candidate): Promise<Weights> {
  const { source } = chosen;
  const about = { name: lastName(source.path), bytes: source.size };
  switch (chosen.kind) {
    case "onnx":
      return { kind: "onnx", model: readOnnxModel(await source.read(), about.name), about };
    case "checkpoint":
      return {
        kind: "checkpoint",
        checkpoint: await readCheckpoint(await source.content(), about.name),
        about,
      };
    case "shards": {
      const bytes = chosen.shards.reduce((sum, { size }) => sum + size, 0);
      return {
        kind: "checkpoint",
        checkpoint: await readShards(chosen.shards, bytes),
        about: { ...about, bytes },
      };
    }
    case "tfjs": {
      const { zip, files } = chosen;
      const name = zip === null ? "TensorFlow.js model" : lastName(zip.path).replace(/\.zip$/i, "");
      return { kind: "tfjs", model: await readTfjsModel(files, name, source.path), about };
    }
  }
}

/** A checkpoint in several files: their tensors together. */
async function readShards(shards: readonly WeightSource[], bytes: number): Promise<Checkpoint> {
  if (bytes > maxCheckpointBytes)
    throw new AppError(
      "file-refused",
      `The checkpoint's ${shards.length} files have ${(bytes / 1e9).toFixed(1)} GB; at most 2.1 GB are read.`,
    );
  const parts: Checkpoint[] = [];
  for (const shard of shards) parts.push(await readCheckpoint(await shard.content(), lastName(shard.path)));
  const tensors = new Map(parts.flatMap((part) => [...part.tensors]));
  if (tensors.size < parts.reduce((sum, part) => sum + part.tensors.size, 0))
    throw new AppError("file-unreadable", "Two parts of the checkpoint hold tensors of the same name.", {
      hint: "They do not belong together. Choose the parts of one checkpoint.",
    });
  return {
    format: parts[0]!.format,
    tensors,
    metadata: new Map(parts.flatMap((part) => [...part.metadata])),
    nonFinite: parts.flatMap((part) => part.nonFinite),
    notes: [`Read from ${shards.length} files.`, ...parts.flatMap((part) => part.notes)],
  };
}

const mostLeftOutNamed = 5;

/** Adds a note on the files that were not needed. */
function withLeftOut(
  weights: Weights,
  chosen: Candidate,
  files: readonly GivenFile[],
  sources: readonly WeightSource[],
): Weights {
  const used = new Set([...chosen.uses].map(({ path }) => path));
  const isInside = chosen.kind === "tfjs" ? chosen.zip !== null : !sources.includes(chosen.source);
  const all = isInside
    ? (sources.find(({ inside }) => inside?.includes(chosen.source))?.inside ?? [])
    : files;
  const left = all
    .map(({ path }) => path)
    .filter((path) => !used.has(path) && !/(^|\/)metadata\.json$/.test(path));
  if (left.length === 0) return weights;
  const named = left
    .slice(0, mostLeftOutNamed)
    .map((path) => quote(path))
    .join(", ");
  const more = left.length > mostLeftOutNamed ? ` and ${left.length - mostLeftOutNamed} more` : "";
  const note = `Left out: ${named}${more}.`;
  const noted = <T extends { readonly notes: readonly string[] }>(described: T): T => ({
    ...described,
    notes: [...described.notes, note],
  });
  switch (weights.kind) {
    case "checkpoint":
      return { ...weights, checkpoint: noted(weights.checkpoint) };
    case "tfjs":
      return { ...weights, model: noted(weights.model) };
    case "onnx":
      return { ...weights, model: noted(weights.model) };
  }
}

/** Nothing among them can be read: says what they are. */
async function refuse(sources: readonly WeightSource[], files: readonly GivenFile[]): Promise<never> {
  const [only] = sources;
  if (only === undefined) throw new AppError("not-found", "No file was given");
  const inside = only.inside ?? [];
  if (files.length === 1 && inside.length === 0) {
    const name = lastName(only.path);
    await readCheckpoint(await only.content(), name); // says what the file is
    throw new AppError("file-unsupported", `${quote(name)} is ${only.kind.what}.`, {
      hint: only.kind.hints.teacher,
    });
  }
  const isZip = files.length === 1;
  const given = isZip ? inside : sources;
  const count = isZip ? only.filesInside : files.length;
  const about = `the ${count} ${count === 1 ? "file" : "files"}${isZip ? ` in ${quote(lastName(only.path))}` : ""}`;
  const pictures = given.filter(isPicture).length;
  throw new AppError(
    "file-unsupported",
    pictures > 0
      ? `None of ${about} holds weights; ${pictures} are pictures.`
      : `None of ${about} is a checkpoint or a model that is read here.`,
    {
      hint:
        pictures > 0
          ? "Pictures belong under Data: drop them there."
          : "Give one checkpoint, an ONNX file, or all files of a TensorFlow.js model: its .json file and its weights.",
      details: shownList(
        given.map(({ path, kind }) => `${path}: ${kind.what}`),
        mostNamed,
        count,
      ),
    },
  );
}

function holdPictures(sources: readonly WeightSource[]): boolean {
  return sources.some((source) => isPicture(source) || holdPictures(source.inside ?? []));
}

function isPicture({ path, kind }: WeightSource): boolean {
  return kind.panel === "data" || (kind.panel === null && imageName.test(path));
}

const imageName = /\.(jpe?g|png|webp|gif|bmp|avif|heic|tiff?)$/i;

function formatOf(chosen: Candidate): string {
  switch (chosen.kind) {
    case "tfjs":
      return chosen.zip === null ? "TensorFlow.js model" : "TensorFlow.js model in a zip";
    case "shards":
      return `${/safetensors/.test(chosen.source.path) ? "safetensors" : "PyTorch checkpoint"}, ${chosen.shards.length} parts`;
    case "onnx":
    case "checkpoint":
      return formatOfFile(chosen.source);
  }
}

function formatOfFile({ kind }: WeightSource): string {
  switch (kind.kind) {
    case "safetensors":
      return "safetensors";
    case "onnx":
      return "ONNX";
    case "pytorch-legacy":
      return "PyTorch checkpoint, legacy pickle";
    case "pytorch-zip":
      return "PyTorch checkpoint, zip";
    case "unknown":
      return "not known";
    default:
      return kind.what.replace(/^an? /, "");
  }
}

function formatOfSources(sources: readonly WeightSource[], files: readonly GivenFile[]): string {
  const [only] = sources;
  if (files.length === 0) return "nothing";
  return files.length > 1 || only === undefined ? `${files.length} files` : formatOfFile(only);
}
