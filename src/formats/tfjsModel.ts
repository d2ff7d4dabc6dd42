import { AppError } from "../contract/errors.ts";
import { quote, shownList } from "./quote.ts";
import { safePath } from "./zip.ts";
import { z, zodProblems } from "./zod.ts";

/** A file by the path under which it was chosen, dropped or packed. */
export interface NamedFile {
  readonly path: string;
  /** In bytes, before it is read. */
  readonly size: number;
  readonly read: () => Promise<Uint8Array<ArrayBuffer>>;
}

/** One tensor in `weightData`, as `tf.io` describes it. Quantised ones are unpacked by tfjs. */
export interface WeightSpec {
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

/** Whether a JSON file describes a TensorFlow.js model, whatever it is called. */
export function isTfjsModelJson(bytes: Uint8Array): boolean {
  const text = new TextDecoder().decode(bytes);
  return text.includes('"weightsManifest"') && text.includes('"modelTopology"');
}

/**
 * Reads a TensorFlow.js model out of the files it consists of: its description, `model.json` or whatever it is called,
 * the weight files it lists, and Teachable Machine's `metadata.json` if it is there. Nothing is fetched.
 *
 * @param fallbackName for a model that does not name itself.
 * @param modelPath of its description among the files; `model.json`, in whatever folder, where it is left out.
 * @throws AppError "file-unreadable" with the missing files or the fault in `model.json`.
 */
export async function readTfjsModel(
  files: readonly NamedFile[],
  fallbackName: string,
  modelPath?: string,
): Promise<TfjsModelFiles> {
  const modelFile = files.find(({ path }) =>
    modelPath === undefined ? isModelJson(path) : path === modelPath,
  );
  if (modelFile === undefined)
    throw new AppError("file-unreadable", "There is no model.json among the files.", {
      hint: "Choose model.json together with its weight files, their folder, or a zip of them.",
    });
  const folder = modelFile.path.slice(0, modelFile.path.lastIndexOf("/") + 1);
  const model = parseJson(await modelFile.read(), modelFile.path, modelSchema);
  refuseKeras3(model.modelTopology, modelFile.path);
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
 * TensorFlow.js builds layers as Keras 2 writes them; of Keras 3's it cannot make anything, and says so of some inner
 * field.
 */
function refuseKeras3(topology: object, path: string): void {
  const { keras_version: outer, model_config: config } = topology as Record<string, unknown>;
  const inner = config as { keras_version?: unknown; module?: unknown } | null | undefined;
  const version = [outer, inner?.keras_version].find((each) => typeof each === "string");
  const layers = layersSchema.safeParse(config ?? topology).data?.config.layers ?? [];
  // Only Keras 3 writes the module of every layer.
  const isNew = layers.some(
    (layer) => layer.module?.startsWith("keras") === true && "registered_name" in layer,
  );
  if (!(version === undefined ? isNew : /^[3-9]\./.test(version))) return;
  throw new AppError(
    "file-unsupported",
    `${quote(path)} describes a model of Keras 3${version === undefined ? "" : ` (${version.slice(0, 20)})`}, which TensorFlow.js cannot build.`,
    {
      hint: "Export it as ONNX and choose that file: model.export('teacher.onnx', format='onnx'). Or convert its SavedModel to a graph model with tensorflowjs_converter.",
    },
  );
}

const layersSchema = z.object({
  config: z.object({
    layers: z.array(z.looseObject({ module: z.string().optional().catch(undefined) })),
  }),
});

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
  const find = shardFinder(files, folder);
  const groups = model.weightsManifest.map(({ paths, weights }) => ({
    shards: paths.map((path) => ({ path, file: find(path) })),
    expected: weights.reduce((sum, weight) => sum + weightBytes(weight), 0),
  }));
  const shards = groups.flatMap((group) => group.shards);
  const missing = shards.filter(({ file }) => file === null).map(({ path }) => path);
  if (missing.length > 0)
    throw new AppError(
      "file-unreadable",
      `${missing.length} of the model's ${shards.length} weight files are missing.`,
      {
        hint: "Choose model.json together with all its weight files, their folder, or a zip of them.",
        details: shownList(missing, mostNamed),
      },
    );
  const seen = new Set<NamedFile | null>();
  for (const { path, file } of shards) {
    if (seen.has(file))
      throw new AppError("file-refused", `model.json names the weight file ${quote(path)} twice.`, {
        hint: "The file is damaged. Export the model again.",
      });
    seen.add(file);
  }
  const total = groups.reduce((sum, { expected }) => sum + expected, 0);
  if (!(total <= maxWeightBytes))
    throw new AppError(
      "file-refused",
      `The model declares ${total} bytes of weights; at most ${maxWeightBytes} are read.`,
    );
  // Nothing is allocated that the files do not hold.
  for (const { shards, expected } of groups) refuseOtherSizes(shards, expected);
  const data = new Uint8Array(total);
  let at = 0;
  for (const { file } of shards) {
    const bytes = await file!.read();
    data.set(bytes, at);
    at += bytes.length;
  }
  return data.buffer;
}

const mostNamed = 50;

interface Shard {
  readonly path: string;
  readonly file: NamedFile | null;
}

function refuseOtherSizes(shards: readonly Shard[], expected: number): void {
  let left = expected;
  for (const { path, file } of shards) {
    left -= file!.size;
    if (left < 0)
      throw new AppError(
        "file-unreadable",
        `The weight file ${quote(path)} is longer than model.json says.`,
        {
          hint: "model.json and the weight files do not belong together, or one of them is damaged.",
        },
      );
  }
  if (left > 0) {
    const names = shards.slice(0, 5).map(({ path }) => quote(path));
    if (shards.length > names.length) names.push(`${shards.length - names.length} more`);
    throw new AppError(
      "file-unreadable",
      `The weight files ${names.join(", ")} are ${left} bytes shorter than model.json says.`,
      { hint: "A weight file is cut off, or does not belong to this model.json." },
    );
  }
}

/**
 * Beside model.json as it says; or, when files were chosen one by one and lost their folders, by its last name; or by
 * that with the number a browser adds to a second download.
 */
function shardFinder(files: readonly NamedFile[], folder: string): (path: string) => NamedFile | null {
  const byPath = new Map(files.map((file) => [file.path, file]));
  const byPlainName = new Map(files.map((file) => [withoutNumber(file.path), file]));
  return (path) => {
    const safe = safeShardPath(path);
    const last = safe.slice(safe.lastIndexOf("/") + 1);
    return (
      byPath.get(folder + safe) ??
      byPath.get(folder + last) ??
      byPlainName.get(withoutNumber(folder + last)) ??
      null
    );
  };
}

/** "model.weights (1).bin" → "model.weights.bin". */
export function withoutNumber(path: string): string {
  return path.replace(/ ?\(\d+\)(?=(\.\w+)*$)/, "");
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
