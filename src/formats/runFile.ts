import {
  defaultConfig,
  parseConfigPatch,
  settingNames,
  type Config,
  type ConfigPatch,
} from "../contract/config.ts";
import { AppError } from "../contract/errors.ts";
import { beforeSettingsExisted } from "../contract/formerDefaults.ts";
import type { RunFile } from "../contract/runFile.ts";
import { normalisations, poolings, type TeacherRecipe } from "../contract/teacher.ts";
import { longestAddress } from "../contract/webAddress.ts";
import { listOf, recordOf, z, zodProblems } from "./zod.ts";

export const maxRunFileBytes = 64 * 1024 * 1024;
/** Written into every run file, which is known by it. */
export const runFileFormat = "disco-playground-run";

/** There are some fifty settings; many more keys are no settings, and not worth a complaint each. */
const mostKeys = 200;
export const settingsRecord = z
  .record(z.string(), z.unknown())
  .refine((input) => Object.keys(input).length <= mostKeys, {
    abort: true,
    error: `has more than ${mostKeys} keys`,
  });

/** Settings, each within its range: the table in `contract/config.ts` is the schema. */
function readSettings(input: Record<string, unknown>, context: z.RefinementCtx): ConfigPatch {
  const { patch, problems } = parseConfigPatch(input);
  for (const { name, message } of problems) context.addIssue({ code: "custom", path: [name], message });
  return patch;
}

const config = settingsRecord.transform((input, context): Config => {
  const seed = parseConfigPatch({ seed: input["seed"] }).patch.seed ?? defaultConfig.seed;
  const patch = { ...beforeSettingsExisted(seed), ...readSettings(input, context) };
  const missing = settingNames.filter((name) => !Object.hasOwn(input, name) && !Object.hasOwn(patch, name));
  for (const name of missing) context.addIssue({ code: "custom", path: [name], message: "is missing" });
  return patch as Config;
});

const adjustment = z.object({ step: z.int().nonnegative(), patch: settingsRecord.transform(readSettings) });

const count = z.int().nonnegative();
const share = z.number().min(0).max(1).nullable();
/** JSON writes what is not finite as null. */
const measured = z
  .number()
  .nullable()
  .transform((value) => value ?? NaN);
const texts = listOf(z.string());
const backend = z.enum(["webgpu", "wasm", "webgl", "cpu"]);

const error = z.object({
  code: z.enum([
    "file-unreadable",
    "file-unsupported",
    "file-refused",
    "image-rejected",
    "dataset-too-small",
    "teacher-mismatch",
    "config-invalid",
    "backend-unavailable",
    "backend-lost",
    "out-of-memory",
    "network-failed",
    "network-offline",
    "network-blocked",
    "network-status",
    "hash-mismatch",
    "storage-failed",
    "busy",
    "not-found",
    "cancelled",
    "internal",
  ]),
  message: z.string(),
  hint: z.string().exactOptional(),
  details: texts.exactOptional(),
});

const end = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("finished") }),
  z.object({ kind: z.literal("stopped") }),
  z.object({ kind: z.literal("diverged"), step: count, message: z.string(), hint: z.string() }),
  z.object({ kind: z.literal("failed"), error }),
]);

const dataset = z.object({
  name: z.string(),
  kind: z.enum(["demo", "own"]),
  count,
  size: count,
  labels: texts,
  labelCounts: listOf(count),
  fingerprint: z.string(),
  bytes: count,
});

/** Also of recipes from elsewhere. */
export const teacherRecipeSchema = z.object({
  output: z.string().exactOptional(),
  pooling: z.enum(keysOf(poolings)).exactOptional(),
  inputSize: z.int().min(8).max(1024).exactOptional(),
  normalisation: z.enum(keysOf(normalisations)).exactOptional(),
}) satisfies z.ZodType<TeacherRecipe>;

function keysOf<T extends string>(table: Readonly<Record<T, unknown>>): [T, ...T[]] {
  return Object.keys(table) as [T, ...T[]];
}

const teacher = z.object({
  name: z.string(),
  source: z.enum(["bundled", "safetensors", "pytorch", "tfjs-layers", "tfjs-graph", "onnx"]),
  architecture: z.string(),
  head: z.string(),
  embeddingDim: count,
  featureDim: count,
  inputSize: count,
  preprocessing: z.string(),
  parameters: count,
  bytes: count,
  notes: texts,
  recipe: teacherRecipeSchema.exactOptional(),
});

const plan = z.object({
  runId: z.string(),
  config,
  totalSteps: count,
  stepsPerEpoch: count,
  trainImages: count,
  heldOutImages: count,
  queueSize: count,
  embeddingDim: count,
  projection: z.string(),
  matching: z.string().default(""), // files of before it was said
  studentParameters: count,
  headParameters: count,
});

export const prefixScores = z
  .array(z.object({ dims: z.int().positive(), knn: z.number().min(0).max(1) }))
  .max(100)
  .nullable()
  .default(null); // not in files of before

const evaluation = z.object({
  step: count,
  knn: share,
  cosine: z.number().nullable(),
  spread: measured,
  overlap: share.default(null), // not in files of before, as the next
  effectiveRank: z.number().nullable().default(null),
  prefixes: prefixScores,
});

const baseline = z.object({
  teacherKnn: share,
  teacherPrefixes: prefixScores,
  untrainedKnn: share,
  untrainedOverlap: share.default(null), // not in files of before
  chance: share,
  neighbours: count,
  temperature: z.number(),
  bankImages: count,
  queryImages: count,
});

export const webOrigin = z.object({
  address: z.string().max(longestAddress),
  sha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .nullable(),
});

export const runFileSchema = z.object({
  format: z.literal(runFileFormat),
  formatVersion: z.literal(1),
  config,
  seed: count,
  versions: recordOf(z.string()),
  backend,
  adapter: z.string(),
  dataFingerprint: z.string(),
  dataset,
  teacher: teacher.nullable(),
  teacherOrigin: webOrigin.exactOptional(),
  dataOrigin: webOrigin.exactOptional(),
  plan,
  adjustments: listOf(adjustment).exactOptional(),
  metrics: z.object({
    end: end.nullable(),
    steps: count,
    elapsedMs: z.number().nonnegative(),
    baseline: baseline.nullable(),
    evaluations: listOf(evaluation),
    last: recordOf(measured),
  }),
}) satisfies z.ZodType<RunFile>;

const editedHint =
  "It may have been edited, or come from a newer playground. The object under “config” in it can be given as a file of settings of its own.";

/**
 * Reads a `run.json` back. Keys it does not know are dropped; settings younger than the file become what was done
 * before they existed (`contract/formerDefaults.ts`).
 *
 * @throws AppError "file-unreadable" with what is wrong, value by value.
 */
export function parseRunFile(text: string): RunFile {
  const json = parseRunFileJson(text);
  const result = runFileSchema.safeParse(json);
  if (result.success) return result.data;
  const format = z.object({ format: z.unknown(), formatVersion: z.unknown() }).safeParse(json).data;
  const isOurs = format?.format === runFileFormat;
  if (isOurs && typeof format.formatVersion === "number" && format.formatVersion !== 1)
    throw new AppError("file-unsupported", `The run file has version ${format.formatVersion}; 1 is read.`, {
      hint: "It was written by a newer playground: get that one.",
    });
  throw new AppError("file-unreadable", "This is not a run file of the playground.", {
    details: zodProblems(result.error),
    ...(isOurs ? { hint: editedHint } : {}),
  });
}

/** @throws AppError where it is too long, or no JSON. */
export function parseRunFileJson(text: string): unknown {
  if (text.length > maxRunFileBytes)
    throw new AppError(
      "file-refused",
      `The run file has ${text.length} characters; at most ${maxRunFileBytes} are read.`,
    );
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new AppError("file-unreadable", "The run file is not valid JSON.", {
      hint: "It may be cut off. Export the run again.",
      cause,
    });
  }
}

/** For what else is kept of a run. */
export const runSchemas = {
  config,
  settings: settingsRecord.transform(readSettings),
  adjustment,
  end,
  dataset,
  teacher,
  plan,
  evaluation,
  baseline,
};
