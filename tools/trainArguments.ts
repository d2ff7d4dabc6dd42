/** The command line of `npm run train`, checked before anything heavy starts. */
import { existsSync, lstatSync, readFileSync, readdirSync, realpathSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import type { BackendChoice } from "../src/contract/backend.ts";
import { AppError } from "../src/contract/errors.ts";
import type { RunFile } from "../src/contract/runFile.ts";
import { presetNames, presets, type PresetName } from "../src/contract/presets.ts";
import { parseWebAddress } from "../src/contract/webAddress.ts";
import { parseConfigPatch, settings, type ConfigPatch } from "../src/contract/config.ts";
import { exportPartNames, type ExportPart } from "../src/contract/studentExport.ts";
import { parseRunFile } from "../src/formats/runFile.ts";

export const usage = `Usage: npm run train -- --data <folder|zip|demo> --out <folder> [options]

  --data <folder|zip|demo|…>  images: a folder, a zip, a parquet file, the address of a zip, of a
                              parquet file or of a data set's page on Hugging Face, or the demo set
  --out <folder>              where run.json, metrics.csv and student.safetensors go
  --teacher <bundled|none|…>  the bundled teacher (default), none (MoCo-v2), a file or folder of
                              one, or its address on the web
  --student <name>            ${Object.keys(settings.student.options).join(", ")}
  --steps <n>                 length of the run; overrides epochs
  --preset <name>             ${presetNames.join(", ")}; \`photos\` fits the length to the set
  --baseline                  first the same without a teacher, to say how much of the gap is closed
  --seed <n>                  initial weights, order and augmentation
  --backend <name>            auto (default), webgpu, wasm, webgl or cpu
  --config <file.json>        settings by name, or a run.json to repeat
  --set <name=value>          one setting; may be repeated; overrides --config
  --export <names>            also student.zip: all, or some of ${exportPartNames.join(", ")},
                              with commas between; every model in it is tried first
  --cluster                   also cluster.zip: the run as it ended, to go on in PyTorch on several
                              processes or machines (torchrun)
  --resume <folder>           goes on with the run that was broken off there (its --out), and
                              stands alone
  --help                      this text
`;

const backendChoices: readonly BackendChoice[] = ["auto", "webgpu", "wasm", "webgl", "cpu"];

/** Told to the person who typed the command; not a fault of ours, so without a stack. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

export type DataChoice =
  | { readonly kind: "demo" }
  | { readonly kind: "folder"; readonly path: string }
  | { readonly kind: "files"; readonly paths: readonly string[] }
  | { readonly kind: "address"; readonly address: string };

export interface TrainJob {
  readonly data: DataChoice;
  /** The teacher's files; empty unless it is one's own. */
  readonly teacherFiles: readonly string[];
  /** Where the teacher is downloaded from; null unless it was given as an address. */
  readonly teacherAddress: string | null;
  readonly config: ConfigPatch;
  /** The batch size asked for with `--set`: a set that does not fill it is refused. Null where the set may decide. */
  readonly batchAsked: number | null;
  /** The run given as `--config`; null when that is a list of settings, or missing. */
  readonly repeated: RunFile | null;
  /** Whether to train without a teacher first, for as many steps, as the measure of what the teacher brings. */
  readonly baseline: boolean;
  /** Settings that wait for the number of images. */
  readonly fitsPhotos: boolean;
  readonly backend: BackendChoice;
  /** For whom `student.zip` is packed; empty for no zip. */
  readonly exports: readonly ExportPart[];
  /** Whether `cluster.zip` is packed. */
  readonly forCluster: boolean;
  readonly outFolder: string;
}

/**
 * @param workingFolder what relative paths are relative to.
 * @returns null when help was asked for.
 * @throws UsageError what is wrong and where.
 */
export function parseTrainArguments(args: readonly string[], workingFolder: string): TrainJob | null {
  const values = parseFlags(args);
  if (values.help === true) return null;
  if (values.data === undefined) throw new UsageError("--data is missing: a folder, a zip, or demo");
  if (values.out === undefined) throw new UsageError("--out is missing: the folder to write into");

  const data = readData(values.data, workingFolder);
  const teacher = readTeacher(values.teacher, workingFolder);
  const { patch: fromFile, repeated } =
    values.config === undefined ? noConfigFile : readConfigFile(resolve(workingFolder, values.config));
  const fromSet = Object.assign({}, ...(values.set ?? []).map(readAssignment)) as ConfigPatch;
  const preset = readPreset(values.preset);
  const config: ConfigPatch = {
    ...(preset === null ? {} : presets[preset].patch),
    ...fromFile,
    ...teacher.config,
    ...fromSet,
    ...readSetting("--student", "student", values.student),
    ...readSetting("--steps", "steps", values.steps),
    ...readSetting("--seed", "seed", values.seed),
    data: data.kind === "demo" ? "demo" : "own",
  };
  if (config.teacher === "own" && teacher.files.length === 0 && teacher.address === null)
    throw new UsageError(
      `the configuration wants a teacher of one's own: give its file with --teacher${describeTeacher(repeated)}`,
    );
  return {
    data,
    teacherFiles: config.teacher === "own" ? teacher.files : [],
    teacherAddress: config.teacher === "own" ? teacher.address : null,
    config,
    batchAsked: fromSet.batchSize ?? null,
    repeated,
    baseline: values.baseline === true,
    fitsPhotos: preset === "photos",
    backend: readBackend(values.backend ?? "auto"),
    exports: readExports(values.export),
    forCluster: values.cluster === true,
    outFolder: readOutFolder(resolve(workingFolder, values.out)),
  };
}

function parseFlags(args: readonly string[]) {
  const text = { type: "string" } as const;
  const options = {
    data: text,
    out: text,
    teacher: text,
    student: text,
    steps: text,
    seed: text,
    preset: text,
    baseline: { type: "boolean" },
    backend: text,
    config: text,
    set: { type: "string", multiple: true },
    export: text,
    cluster: { type: "boolean" },
    help: { type: "boolean", short: "h" },
  } as const;
  try {
    return parseArgs({ args: [...args], options, strict: true, allowPositionals: false }).values;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const known = Object.keys(options).map((name) => `--${name}`);
    throw new UsageError(`${firstSentence(message)}\nKnown options: ${known.join(", ")}.`);
  }
}

function firstSentence(message: string): string {
  const end = message.indexOf(". ");
  return end === -1 ? message : message.slice(0, end);
}

function readPreset(value: string | undefined): PresetName | null {
  if (value === undefined) return null;
  const name = presetNames.find((known) => known === value);
  if (name === undefined) throw new UsageError(`--preset ${value}: is none of ${presetNames.join(", ")}`);
  if ("design" in presets[name])
    throw new UsageError(
      `--preset ${value}: is an ablation, which “npm run ablate” runs; choose another here`,
    );
  return name;
}

function readData(value: string, workingFolder: string): DataChoice {
  if (value === "demo") return { kind: "demo" };
  const address = readAddress("--data", value);
  if (address !== null) return { kind: "address", address };
  const path = resolve(workingFolder, value);
  if (!existsSync(path)) throw new UsageError(`--data ${value}: ${whyMissing(path, "folder or file")}`);
  if (statSync(path).isDirectory()) {
    if (readdirSync(path).length === 0) throw new UsageError(`--data ${value}: the folder is empty`);
    return { kind: "folder", path };
  }
  return { kind: "files", paths: [path] };
}

function readTeacher(
  value: string | undefined,
  workingFolder: string,
): { files: readonly string[]; address: string | null; config: ConfigPatch } {
  switch (value) {
    case undefined:
      return { files: [], address: null, config: {} };
    case "bundled":
      return { files: [], address: null, config: { teacher: "bundled" } };
    case "none":
      // DisCo has no meaning without a teacher; what is left of it is MoCo-v2.
      return { files: [], address: null, config: { teacher: "none", method: "mocov2" } };
  }
  const address = readAddress("--teacher", value);
  if (address !== null) return { files: [], address, config: { teacher: "own" } };
  const path = resolve(workingFolder, value);
  if (!existsSync(path)) {
    throw new UsageError(
      `--teacher ${value}: neither “bundled” nor “none”, and ${whyMissing(path, "file or folder")}`,
    );
  }
  const files = statSync(path).isDirectory() ? filesOfTeacher(path) : [path];
  if (files.length === 0) throw new UsageError(`--teacher ${value}: the folder holds no files`);
  return { files, address: null, config: { teacher: "own" } };
}

function whyMissing(path: string, wanted: string): string {
  const isLink = lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true;
  return isLink ? "it is a link that leads nowhere" : `there is no such ${wanted}`;
}

const mostTeacherFiles = 1000;
const deepestFolder = 8;

/**
 * A folder's own files, links to files included; where it has none, those of its sub-folders.
 *
 * @param entered where each folder really is that was looked into: links that lead round are followed once.
 */
function filesOfTeacher(folder: string, depth = 0, entered = new Set<string>()): readonly string[] {
  const real = realpathSync(folder);
  if (entered.has(real)) return [];
  entered.add(real);
  const files: string[] = [];
  const folders: string[] = [];
  for (const name of readdirSync(folder).sort()) {
    const path = join(folder, name);
    const found = statSync(path, { throwIfNoEntry: false });
    if (found?.isFile() === true) files.push(path);
    else if (found?.isDirectory() === true) folders.push(path);
  }
  if (files.length > 0 || depth >= deepestFolder) return files.slice(0, mostTeacherFiles);
  const inside: string[] = [];
  for (const each of folders) {
    inside.push(...filesOfTeacher(each, depth + 1, entered));
    if (inside.length >= mostTeacherFiles) break;
  }
  return inside.slice(0, mostTeacherFiles);
}

/** @returns null for what is a path. */
function readAddress(flag: string, value: string): string | null {
  if (!/^https?:\/\//i.test(value)) return null;
  try {
    return parseWebAddress(value).href;
  } catch (error) {
    throw new UsageError(`${flag} ${value}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function readBackend(value: string): BackendChoice {
  const choice = backendChoices.find((name) => name === value);
  if (choice === undefined)
    throw new UsageError(`--backend ${value}: is none of ${backendChoices.join(", ")}`);
  return choice;
}

/**
 * @param value names with commas between, or "all".
 * @throws UsageError when one is unknown; `flag` is what it calls the flag.
 */
export function readExports(value: string | undefined, flag = "--export"): readonly ExportPart[] {
  if (value === undefined) return [];
  if (value === "all") return exportPartNames;
  const asked = value.split(",").map((name) => name.trim());
  const unknown = asked.find((name) => !exportPartNames.some((known) => known === name));
  if (unknown !== undefined)
    throw new UsageError(
      `${flag} ${value}: “${unknown}” is neither all nor one of ${exportPartNames.join(", ")}`,
    );
  return exportPartNames.filter((name) => asked.includes(name));
}

/** @throws UsageError when it is a file. */
export function readOutFolder(path: string): string {
  if (existsSync(path) && !statSync(path).isDirectory())
    throw new UsageError(`--out ${path}: is a file, a folder is needed`);
  return path;
}

function readSetting(flag: string, name: keyof typeof settings, value: string | undefined): ConfigPatch {
  if (value === undefined) return {};
  const { patch, problems } = parseConfigPatch({ [name]: value });
  if (problems[0] !== undefined) throw new UsageError(`${flag}: ${problems[0].message}`);
  return patch;
}

function readAssignment(text: string): ConfigPatch {
  const equals = text.indexOf("=");
  if (equals < 1) throw new UsageError(`--set ${text}: is not name=value`);
  const name = text.slice(0, equals);
  const { patch, problems } = parseConfigPatch({ [name]: text.slice(equals + 1) });
  if (problems[0] !== undefined) {
    const known = Object.hasOwn(settings, name) ? "" : `. Settings: ${Object.keys(settings).join(", ")}`;
    throw new UsageError(`--set ${name}: ${problems[0].message}${known}`);
  }
  return patch;
}

interface ConfigFile {
  readonly patch: ConfigPatch;
  readonly repeated: RunFile | null;
}

const noConfigFile: ConfigFile = { patch: {}, repeated: null };

/** Settings by name, or a run.json. */
function readConfigFile(path: string): ConfigFile {
  // Every run's file has the same name; its folder tells which one it is.
  const name = join(basename(dirname(path)), basename(path));
  let text: string;
  let parsed: unknown;
  try {
    text = readFileSync(path, "utf8");
    parsed = JSON.parse(text);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new UsageError(
      error instanceof SyntaxError
        ? `--config ${name}: is not JSON: ${message}`
        : `--config ${path}: cannot be read: ${message}`,
    );
  }
  if (isTable(parsed) && parsed["format"] === "disco-playground-run") {
    const repeated = readRunFile(name, text);
    return { patch: repeated.config, repeated };
  }
  if (!isTable(parsed)) throw new UsageError(`--config ${name}: holds no object of settings by name`);
  const { patch, problems } = parseConfigPatch(parsed);
  if (problems.length > 0) {
    const lines = problems.map((problem) => `${problem.name.slice(0, 60)}: ${problem.message}`);
    throw new UsageError(
      `--config ${name}: ${lines.length === 1 ? "one key is" : "some keys are"} wrong\n${listed(lines)}`,
    );
  }
  return { patch, repeated: null };
}

function readRunFile(name: string, text: string): RunFile {
  try {
    return parseRunFile(text);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    const hint = error.hint === undefined ? "" : `\n${error.hint}`;
    const details = error.details.length === 0 ? "" : `\n${listed(error.details)}`;
    throw new UsageError(`--config ${name}: ${error.message}${details}${hint}`);
  }
}

/** Of the run to repeat, for whoever looks for its file. */
function describeTeacher(repeated: RunFile | null): string {
  if (repeated?.teacher === null || repeated === null) return "";
  const { name, architecture } = repeated.teacher;
  const from = repeated.teacherOrigin === undefined ? "" : `, from ${repeated.teacherOrigin.address}`;
  return `. It was “${name}”, ${architecture}${from}`;
}

const mostLines = 20;

function listed(lines: readonly string[]): string {
  const more = lines.length - mostLines;
  const shown = more > 0 ? [...lines.slice(0, mostLines), `and ${more} more`] : lines;
  return shown.map((line) => `  ${line}`).join("\n");
}

function isTable(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
