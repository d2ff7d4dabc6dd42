/** Which of the files that were given are weights, and which of those are meant. */
import { AppError } from "../contract/errors.ts";
import { quote, shownList } from "./quote.ts";
import { hasTfjsModel, isTfjsModelJson, withoutNumber } from "./tfjsModel.ts";
import { folderOf, lastName, type WeightSource } from "./weightSources.ts";
import { z } from "./zod.ts";

/** Something that could be read as a teacher. */
export type Candidate =
  | { readonly kind: "checkpoint" | "onnx"; readonly source: WeightSource; readonly uses: Uses }
  /** A checkpoint in several files. */
  | {
      readonly kind: "shards";
      readonly source: WeightSource;
      readonly shards: readonly WeightSource[];
      readonly uses: Uses;
    }
  | {
      readonly kind: "tfjs";
      readonly source: WeightSource;
      readonly files: readonly WeightSource[];
      readonly zip: WeightSource | null;
      readonly uses: Uses;
    };
/** The files that it consists of. */
type Uses = ReadonlySet<WeightSource>;

/** In a refusal. */
export const mostNamed = 50;
const maxJsonBytes = 64 * 1024 * 1024;
/** What training leaves beside the weights. */
const trainingState =
  /^(optimizer|scheduler|scaler|rng_state\w*|training_args|random_states\w*|trainer_state|scheduler_state)\.\w+$/i;
const shardName = /^(.*)-(\d{5})-of-(\d{5})\.(\w+)$/;

/**
 * The one thing among these files that can be a teacher.
 *
 * @returns null where none of them is a kind of file that can be read.
 * @throws AppError "file-unsupported" naming them where there are several, or where parts are missing.
 */
export async function chooseCandidate(sources: readonly WeightSource[]): Promise<Candidate | null> {
  const candidates = await candidatesAmong(sources, null);
  for (const source of sources)
    if (source.inside !== null) candidates.push(...(await candidatesAmong(source.inside, source)));
  const [first] = candidates;
  if (first === undefined || candidates.length === 1) return first ?? null;
  const preferred = sameWeights(candidates);
  if (preferred !== null) return preferred;
  throw new AppError("file-unsupported", `${candidates.length} of the files could be the teacher.`, {
    hint: "Give one of them.",
    details: shownList(
      candidates.map(({ source }) => source.path),
      mostNamed,
    ),
  });
}

async function candidatesAmong(
  sources: readonly WeightSource[],
  zip: WeightSource | null,
): Promise<Candidate[]> {
  const found: Candidate[] = [];
  /** By name alone: only where there is nothing else. */
  const doubtful: Candidate[] = [];
  const parts = new Set<WeightSource>();
  for (const source of sources) {
    if (source.kind.kind !== "json" && !hasTfjsModel([source.path])) continue;
    const described = await describedBy(source);
    if (described === null) continue;
    if (described.kind === "shards") {
      const shards = shardsOf(source, described.files, sources);
      for (const part of shards) parts.add(part);
      found.push({ kind: "shards", source, shards, uses: new Set([source, ...shards]) });
      continue;
    }
    const folder = folderOf(source.path);
    const names = new Set(described.files.map((path) => withoutNumber(lastName(path))));
    const raw = sources.filter(
      ({ path }) => path.startsWith(folder) && names.has(withoutNumber(lastName(path))),
    );
    for (const part of raw) parts.add(part);
    const candidate = { kind: "tfjs", source, files: sources, zip, uses: new Set([source, ...raw]) } as const;
    (described.isCertain ? found : doubtful).push(candidate);
  }
  const numbered = new Map<string, WeightSource[]>();
  for (const source of sources) {
    const name = lastName(source.path);
    if (parts.has(source) || trainingState.test(name)) continue;
    const { kind } = source.kind;
    if (kind === "onnx") found.push({ kind, source, uses: new Set([source]) });
    if (kind !== "safetensors" && kind !== "pytorch-zip" && kind !== "pytorch-legacy") continue;
    const shard = shardName.exec(source.path);
    if (shard === null) {
      found.push({ kind: "checkpoint", source, uses: new Set([source]) });
      continue;
    }
    const key = `${shard[1]}/${shard[3]}.${shard[4]}`;
    numbered.set(key, [...(numbered.get(key) ?? []), source]);
  }
  for (const shards of numbered.values()) {
    refuseMissingParts(shards);
    found.push({ kind: "shards", source: shards[0]!, shards, uses: new Set(shards) });
  }
  return found.length > 0 ? found : doubtful;
}

interface Described {
  readonly kind: "tfjs" | "shards";
  /** The weight files it names. */
  readonly files: readonly string[];
  readonly isCertain: boolean;
}

/** What a JSON file describes: a TensorFlow.js model, a checkpoint's parts, or null for anybody's settings. */
async function describedBy(source: WeightSource): Promise<Described | null> {
  const byName = hasTfjsModel([source.path])
    ? ({ kind: "tfjs", files: [], isCertain: false } as const)
    : null;
  if (source.size > maxJsonBytes) return byName;
  const bytes = await source.read();
  const isModel = isTfjsModelJson(bytes);
  const text = new TextDecoder().decode(bytes);
  if (!isModel && !text.includes('"weight_map"')) return byName;
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return isModel ? { kind: "tfjs", files: [], isCertain: true } : byName;
  }
  if (isModel) {
    const groups = manifestSchema.safeParse(json).data?.weightsManifest ?? [];
    return { kind: "tfjs", files: groups.flatMap(({ paths }) => paths), isCertain: true };
  }
  const map = indexSchema.safeParse(json).data?.weight_map;
  const files = new Set(Object.values(map ?? {}));
  return files.size === 0 ? byName : { kind: "shards", files: [...files], isCertain: true };
}

const manifestSchema = z.object({ weightsManifest: z.array(z.object({ paths: z.array(z.string()) })) });
const indexSchema = z.object({ weight_map: z.record(z.string(), z.string()) });

function shardsOf(
  index: WeightSource,
  names: readonly string[],
  sources: readonly WeightSource[],
): readonly WeightSource[] {
  const byPath = new Map(sources.map((source) => [source.path, source]));
  const folder = folderOf(index.path);
  const missing = names.filter((name) => !byPath.has(folder + lastName(name)));
  if (missing.length > 0) throw missingParts(index.path, missing, names.length);
  return names.map((name) => byPath.get(folder + lastName(name))!);
}

function refuseMissingParts(shards: readonly WeightSource[]): void {
  const [first] = shards;
  const match = shardName.exec(first?.path ?? "");
  if (match === null) return;
  const [, stem = "", , total = "", extension = ""] = match;
  const there = new Set(shards.map(({ path }) => path));
  const count = Number(total);
  if (there.size >= count) return;
  const missing: string[] = [];
  for (let i = 1; i <= count && missing.length <= mostNamed; i++) {
    const name = `${stem}-${String(i).padStart(5, "0")}-of-${total}.${extension}`;
    if (!there.has(name)) missing.push(lastName(name));
  }
  throw missingParts(first!.path, missing, count, count - there.size);
}

function missingParts(
  path: string,
  missing: readonly string[],
  total: number,
  count = missing.length,
): AppError {
  return new AppError(
    "file-unsupported",
    `${quote(lastName(path))} belongs to a sharded checkpoint of ${total} files, of which ${count} are missing.`,
    {
      hint: "Give all its parts together: choose their folder.",
      details: shownList(missing, mostNamed, count),
    },
  );
}

/**
 * The same weights in several formats, as hubs keep them: safetensors are preferred, then PyTorch's, then ONNX; and
 * those as they were trained to smaller copies. Null where the files are not the same weights, or two are alike.
 */
function sameWeights(candidates: readonly Candidate[]): Candidate | null {
  if (new Set(candidates.map(({ source }) => stemOf(source.path))).size > 1) return null;
  const ranked = candidates
    .map((candidate) => ({ candidate, rank: rankOf(candidate) }))
    .sort((a, b) => a.rank - b.rank);
  const [best, second] = ranked;
  const isTie = best !== undefined && second?.rank === best.rank;
  return isTie ? null : (best?.candidate ?? null);
}

/** Lower is better: by format, then the outermost, then the shortest name, which is no variant's. */
function rankOf(candidate: Candidate): number {
  const { path } = candidate.source;
  return 1e6 * formatRank(candidate) + 1000 * path.split("/").length + lastName(path).length;
}

function formatRank({ kind, source }: Candidate): number {
  const format =
    kind === "shards" ? (/safetensors/.test(source.path) ? "safetensors" : "pytorch") : source.kind.kind;
  return ["safetensors", "pytorch", "pytorch-zip", "pytorch-legacy", "onnx"].indexOf(format) + 1 || 9;
}

/** What is left of a name without format, variant and part: "model" of pytorch_model-00001-of-00002.bin. */
function stemOf(path: string): string {
  return lastName(path)
    .toLowerCase()
    .replace(/\.index\.json$/, "")
    .replace(/\.(safetensors|bin|pth|pt|ckpt|onnx|json|tar)$/, "")
    .replace(/\.(safetensors|bin|pth)$/, "")
    .replace(/-\d{5}-of-\d{5}$/, "")
    .replace(/[._-](fp16|fp32|bf16|float16|int8|uint8|quantized|q4|q4f16|q8|bnb4)$/, "")
    .replace(/^(pytorch|tf|flax)_|_pytorch(?=_)/, "");
}
