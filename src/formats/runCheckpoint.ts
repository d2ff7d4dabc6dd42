import { AppError } from "../contract/errors.ts";
import type { CheckpointFacts } from "../contract/checkpoint.ts";
import { metricColumns, type MetricRows } from "../contract/metrics.ts";
import { runSchemas } from "./runFile.ts";
import { readSafetensors, writeSafetensors } from "./safetensors.ts";
import { listOf, recordOf, z, zodProblems } from "./zod.ts";

/** A run in training as it was after a step: with the images and the teacher all that it takes to go on. */
export interface RunCheckpoint {
  readonly facts: CheckpointFacts;
  /** A row for each step so far. */
  readonly metrics: MetricRows;
  /** Weights, statistics, queues, what the optimiser remembers; in the layouts they have in memory. */
  readonly tensors: ReadonlyMap<
    string,
    { readonly shape: readonly number[]; readonly data: Float32Array<ArrayBuffer> }
  >;
}

/** Where the facts stand among a safetensors file's metadata, and the metrics among its tensors. */
const factsKey = "run";
const metricsName = "metrics";
const tensorPrefix = "state/";

const count = z.int().nonnegative();
const word = z.int().min(-0x8000_0000).max(0xffff_ffff);
const stream = z.tuple([word, word, word, word]);

const factsSchema = z
  .object({
    format: z.literal("disco-playground-checkpoint"),
    formatVersion: z.literal(1),
    runId: z.string().min(1).max(100),
    config: runSchemas.config,
    live: runSchemas.config,
    totalSteps: count,
    step: count,
    elapsedMs: z.number().nonnegative(),
    savedAt: z.iso.datetime(),
    backend: z.enum(["webgpu", "wasm", "webgl", "cpu"]),
    dataFingerprint: z.string().regex(/^[0-9a-f]{64}$/),
    teacherHash: z.string().max(200).nullable(),
    projection: z.string().max(1000),
    sampler: z.object({ epoch: count, batch: count, prng: stream }),
    streams: z.object({ augmentation: stream, choice: stream, companionAugmentation: stream }),
    counts: z.object({
      optimiserSteps: count,
      studentBatches: count,
      meanBatches: count,
      queueRows: recordOf(count),
      prngs: recordOf(stream),
    }),
    baseline: runSchemas.baseline.nullable(),
    evaluations: listOf(runSchemas.evaluation),
  })
  .refine(({ step, totalSteps }) => step <= totalSteps, {
    error: "more steps than there are",
  }) satisfies z.ZodType<CheckpointFacts>;

/** A checkpoint as a safetensors file. */
export function writeRunCheckpoint({ facts, metrics, tensors }: RunCheckpoint): Uint8Array<ArrayBuffer> {
  const rows = metrics.length / metricColumns.length;
  return writeSafetensors(
    [
      { name: metricsName, shape: [rows, metricColumns.length], values: metrics },
      ...[...tensors].map(([name, { shape, data }]) => ({
        name: `${tensorPrefix}${name}`,
        shape,
        values: data,
      })),
    ],
    { [factsKey]: JSON.stringify(facts) },
  );
}

/**
 * Reads a checkpoint back. Whether its tensors are those of its configuration is for whoever restores them to see.
 *
 * @throws AppError "file-unreadable" for what is none, is cut off or contradicts itself; "file-unsupported" for a later
 *   version.
 */
export function readRunCheckpoint(bytes: Uint8Array<ArrayBuffer>): RunCheckpoint {
  const file = readSafetensors(bytes);
  const facts = readFacts(file.metadata.get(factsKey));
  const rows = file.tensors.get(metricsName);
  const width = metricColumns.length;
  if (rows?.dtype !== "float32" || rows.shape.length !== 2 || rows.shape[1] !== width)
    throw fault("it has no metrics");
  if (rows.shape[0] !== facts.step)
    throw fault(`it has ${rows.shape[0]} rows of metrics for ${facts.step} steps`);
  const tensors = new Map<string, { shape: readonly number[]; data: Float32Array<ArrayBuffer> }>();
  for (const [name, tensor] of file.tensors) {
    if (name === metricsName) continue;
    if (!name.startsWith(tensorPrefix) || tensor.dtype !== "float32")
      throw fault("a tensor in it is not one of a checkpoint");
    tensors.set(name.slice(tensorPrefix.length), { shape: tensor.shape, data: tensor.toFloat32() });
  }
  return { facts, metrics: rows.toFloat32(), tensors };
}

function readFacts(text: string | undefined): CheckpointFacts {
  if (text === undefined) throw fault("it says nothing of a run");
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw fault("what it says of its run is not valid JSON");
  }
  const result = factsSchema.safeParse(json);
  if (result.success) return result.data;
  const version = z.object({ formatVersion: z.number() }).safeParse(json).data?.formatVersion;
  if (version !== undefined && version > 1)
    throw new AppError("file-unsupported", `The checkpoint has version ${version}; 1 is read.`, {
      hint: "It was written by a newer playground: get that one.",
    });
  throw new AppError("file-unreadable", "This is not a checkpoint of a run.", {
    details: zodProblems(result.error),
  });
}

function fault(what: string): AppError {
  return new AppError("file-unreadable", `This is not a checkpoint of a run: ${what}.`, {
    hint: "It may be damaged. Start the run again.",
  });
}
