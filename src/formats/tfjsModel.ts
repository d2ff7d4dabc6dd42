import { AppError } from "../contract/errors.ts";
import { quote } from "./quote.ts";
import { openZip, safePath } from "./zip.ts";
import { z, zodProblems } from "./zod.ts";

/** A file by the path under which it was chosen, dropped or packed. */
export interface NamedFile {
  readonly path: string;
  readonly read: () => Promise<Uint8Array<ArrayBuffer>>;
}

/** One tensor in `weightData`, as `tf.io` describes it. Quantised ones are unpacked by tfjs. */
interface WeightSpec {
  name: string;
  shape: number[];
  dtype: "float32" | "int32" | "bool" | "complex64";
  quantization?: { dtype: "uint8" | "uint16" | "float16"; scale?: number; min?: number };
}

/** A TensorFlow.js model as read from its files: what `tf.io.fromMemory` takes, and what is known of it. */
export interface TfjsModelFiles {
  readonly format: "layers-model" | "graph-model";
  readonly modelTopology: object;
  readonly weightSpecs: readonly WeightSpec[];
  /** All shards, one after another. */
  readonly weightData: ArrayBuffer;
  /** Of a graph model: its inputs and outputs by name. */
  readonly signature?: object;
  /** Bytes of weights. */
  readonly bytes: number;
  /** For people: the model's own name, or its folder's or archive's. */
  readonly name: string;
  /** Class names that Teachable Machine wrote beside it. */
  readonly labels: readonly string[];
  readonly notes: readonly string[];
}

const dtypeBytes = { float32: 4, int32: 4, bool: 1, complex64: 8 } as const;
const quantizedBytes = { uint8: 1, uint16: 2, float16: 2 } as const;
const maxWeightBytes = 1024 * 1024 * 1024;
const maxJsonBytes = 64 * 1024 * 1024;

const weightSchema = z.object({
  name: z.string(),
  shape: z.array(z.int().nonnegative()).max(16),
  dtype: z.enum(["float32", "int32", "bool", "complex64"]),
  quantization: z
    .object({
      dtype: z.enum(["uint8", "uint16", "float16"]),
      scale: z.number().optional(),
      min: z.number().optional(),
    })
    .optional(),
});
const modelSchema = z.object({
  format: z.string().optional(),
  modelTopology: z.record(z.string(), z.unknown()),
  weightsManifest: z.array(z.object({ paths: z.array(z.string()).min(1), weights: z.array(weightSchema) })),
  signature: z.record(z.string(), z.unknown()).optional(),
});
type ModelJson = z.infer<typeof modelSchema>;

const metadataSchema = z.object({
  modelName: z.string().optional(),
  labels: z.array(z.string()).optional(),
  tmVersion: z.string().optional(),
});

/** Whether these files are a TensorFlow.js model, by their names. */
export function hasTfjsModel(paths: Iterable<string>): boolean {
  for (const path of paths) if (isModelJson(path)) return true;
  return false;
}

/** Reads a TensorFlow.js model out of a zip. @throws AppError */
export async function readTfjsZip(
  file: Blob | Uint8Array<ArrayBuffer>,
  name: string,
): Promise<TfjsModelFiles> {
  const archive = await openZip(file, {
    entries: 10_000,
    entryBytes: maxWeightBytes,
    totalBytes: 4 * maxWeightBytes,
  });
  const [refused] = archive.refused;
  if (refused !== undefined)
    throw new AppError(
      "file-refused",
      `The entry ${quote(refused.path)} of ${quote(name)} was refused: ${refused.reason}.`,
    );
  return readTfjsModel(archive.entries, name.replace(/\.zip$/i, ""));
}

/**
 * Reads a TensorFlow.js model out of the files it consists of: `model.json`, in whatever folder, the weight files
 * it lists, and Teachable Machine's `metadata.json` if it is there. Nothing is fetched.
 *
 * @param fallbackName for a model that does not name itself.
 * @throws AppError "file-unreadable" with the missing files or the fault in `model.json`.
 */
export async function readTfjsModel(
  files: readonly NamedFile[],
  fallbackName: string,
): Promise<TfjsModelFiles> {
  const models = files.filter(({ path }) => isModelJson(path) && !/(^|\/)__MACOSX\//.test(path));
  const [modelFile] = models;
  if (modelFile === undefined)
    throw new AppError("file-unreadable", "There is no model.json among the files.", {
      hint: "Choose model.json together with its weight files, their folder, or a zip of them.",
    });
  if (models.length > 1)
    throw new AppError("file-refused", `There are ${models.length} model.json among the files.`, {
      hint: "Choose one model at a time.",
      details: models.map(({ path }) => path),
    });
  const folder = modelFile.path.slice(0, modelFile.path.lastIndexOf("/") + 1);
  const model = parseJson(await modelFile.read(), modelFile.path, modelSchema);
  const weightSpecs = model.weightsManifest.flatMap((group) => group.weights.map(toWeightSpec));
  const weightData = await readShards(model, files, folder);
  const metadataFile = files.find(({ path }) => path === `${folder}metadata.json`);
  const metadata = metadataFile && parseJson(await metadataFile.read(), metadataFile.path, metadataSchema);
  const ownName = metadata?.modelName;
  return {
    format: formatOf(model),
    modelTopology: model.modelTopology,
    weightSpecs,
    weightData,
    ...(model.signature === undefined ? {} : { signature: model.signature }),
    bytes: weightData.byteLength,
    name: ownName !== undefined && ownName !== "untitled" ? ownName : fallbackName,
    labels: metadata?.labels ?? [],
    notes: metadata?.tmVersion === undefined ? [] : [`Exported by Teachable Machine ${metadata.tmVersion}.`],
  };
}

/**
 * The weight files that a model.json names, as paths beside it.
 *
 * @throws AppError "file-unreadable" when it is no model.json, "file-refused" for a path outside its folder.
 */
export function weightFilesOf(modelJson: Uint8Array, name: string): readonly string[] {
  const { weightsManifest } = parseJson(modelJson, name, modelSchema);
  return weightsManifest.flatMap(({ paths }) => paths.map(safeShardPath));
}

function safeShardPath(path: string): string {
  const safe = safePath(path);
  if (safe !== null) return safe;
  throw new AppError(
    "file-refused",
    `model.json names the weight file ${quote(path)}, which lies outside its folder.`,
  );
}

function isModelJson(path: string): boolean {
  return /(^|\/)model\.json$/i.test(path);
}

function toWeightSpec(weight: z.infer<typeof weightSchema>): WeightSpec {
  const { name, shape, dtype, quantization } = weight;
  if (quantization === undefined) return { name, shape, dtype };
  const { dtype: stored, scale, min } = quantization;
  return {
    name,
    shape,
    dtype,
    quantization: {
      dtype: stored,
      ...(scale === undefined ? {} : { scale }),
      ...(min === undefined ? {} : { min }),
    },
  };
}

/** Old exports do not say which kind they are: a graph is a list of nodes, a layers model has a class name. */
function formatOf({ format, modelTopology }: ModelJson): TfjsModelFiles["format"] {
  if (format === "graph-model" || format === "layers-model") return format;
  if (format !== undefined && format !== "tfjs-layers-model")
    throw new AppError("file-unsupported", `model.json has the format ${quote(format)}.`, {
      hint: "Layers models and graph models are read.",
    });
  if ("node" in modelTopology) return "graph-model";
  if ("class_name" in modelTopology || "model_config" in modelTopology) return "layers-model";
  throw new AppError("file-unsupported", "model.json describes neither a layers model nor a graph model.");
}

async function readShards(
  model: ModelJson,
  files: readonly NamedFile[],
  folder: string,
): Promise<ArrayBuffer> {
  const groups = model.weightsManifest.map(({ paths, weights }) => ({
    shards: paths.map((path) => ({ path, file: findShard(path, files, folder) })),
    expected: weights.reduce((sum, weight) => sum + weightBytes(weight), 0),
  }));
  const missing = groups.flatMap(({ shards }) =>
    shards.filter(({ file }) => file === null).map(({ path }) => path),
  );
  if (missing.length > 0)
    throw new AppError("file-unreadable", `${missing.length} of the model's weight files are missing.`, {
      hint: "Choose model.json together with all its weight files, their folder, or a zip of them.",
      details: missing,
    });
  const total = groups.reduce((sum, { expected }) => sum + expected, 0);
  if (total > maxWeightBytes)
    throw new AppError(
      "file-refused",
      `The model declares ${total} bytes of weights; at most ${maxWeightBytes} are read.`,
    );
  const data = new Uint8Array(total);
  let at = 0;
  for (const { shards, expected } of groups) {
    const end = at + expected;
    for (const { path, file } of shards) {
      const bytes = await file!.read();
      if (bytes.length > end - at)
        throw new AppError(
          "file-unreadable",
          `The weight file ${quote(path)} is longer than model.json says.`,
          {
            hint: "model.json and the weight files do not belong together, or one of them is damaged.",
          },
        );
      data.set(bytes, at);
      at += bytes.length;
    }
    if (at !== end)
      throw new AppError(
        "file-unreadable",
        `The weight files ${shards.map(({ path }) => quote(path)).join(", ")} are ${end - at} bytes shorter than model.json says.`,
        { hint: "A weight file is cut off, or does not belong to this model.json." },
      );
  }
  return data.buffer;
}

/** Beside model.json as it says; or, when files were chosen one by one and lost their folders, by its last name. */
function findShard(path: string, files: readonly NamedFile[], folder: string): NamedFile | null {
  const safe = safeShardPath(path);
  const exact = files.find((file) => file.path === folder + safe);
  if (exact !== undefined) return exact;
  const last = safe.slice(safe.lastIndexOf("/") + 1);
  const beside = files.filter((file) => file.path === folder + last);
  return beside[0] ?? null;
}

function weightBytes({ shape, dtype, quantization }: z.infer<typeof weightSchema>): number {
  const width = quantization === undefined ? dtypeBytes[dtype] : quantizedBytes[quantization.dtype];
  return shape.reduce((product, length) => product * length, width);
}

function parseJson<S extends z.ZodType>(bytes: Uint8Array, path: string, schema: S): z.infer<S> {
  const who = quote(path.slice(path.lastIndexOf("/") + 1));
  if (bytes.length > maxJsonBytes)
    throw new AppError("file-refused", `${who} has ${bytes.length} bytes; at most ${maxJsonBytes} are read.`);
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (error) {
    throw new AppError("file-unreadable", `${who} is not valid JSON.`, {
      hint: "The file is damaged. Export the model again.",
      cause: error,
    });
  }
  const result = schema.safeParse(json);
  if (!result.success)
    throw new AppError("file-unreadable", `${who} is not that of a TensorFlow.js model.`, {
      hint: "Weights of type string are not read; otherwise the file is damaged. Export the model again.",
      details: zodProblems(result.error),
    });
  return result.data;
}
