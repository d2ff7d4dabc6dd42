/** The command line of `npm run ablate`, checked before anything heavy starts. */
import {
  ablationAxisNames,
  parseAxisValues,
  type AblationAxis,
  type AblationDesign,
  type AblationValue,
} from "../src/contract/ablationDesign.ts";
import { whyNoDifference } from "../src/contract/ablationAxes.ts";
import { defaultConfig } from "../src/contract/config.ts";
import { parseTrainArguments, UsageError, type TrainJob } from "./trainArguments.ts";

export const ablateUsage = `Usage: npm run ablate -- --data <folder|zip|demo> --vary <what=values> --out <folder> [options]

  --data <folder|zip|demo|…>  images, as of npm run train
  --vary <what=a,b,…>         one thing, and its values with commas between:
                              ${ablationAxisNames.slice(0, 6).join(", ")},
                              ${ablationAxisNames.slice(6).join(", ")}
  --seeds <1,2,…>             every value is trained with each; 1,2,3 by default
  --teacherless               every seed without a teacher too, as the line to beat
  --out <folder>              where ablation.csv, ablation.json, figure.svg and a folder a run go;
                              started again with the same one, it goes on with what is missing
  --steps <n>                 length of every run
  --teacher, --student, --preset, --backend, --config, --set, --export
                              as of npm run train, for all runs
  --help                      this text
`;

export interface AblateJob {
  /** What all runs share. */
  readonly shared: TrainJob;
  readonly design: AblationDesign;
}

/** Its own flags: those that take a value, and those that do not. */
const ownFlags = { "--vary": true, "--seeds": true, "--teacherless": false } as const;
/** Flags of `npm run train` that mean nothing here, and what does. */
const refused: Readonly<Record<string, string>> = {
  "--seed": "give --seeds",
  "--baseline": "give --teacherless",
  "--resume": "start it again with the same --out, and it goes on",
};

/**
 * @param workingFolder what relative paths are relative to.
 * @returns null when help was asked for.
 * @throws UsageError what is wrong and where.
 */
export function parseAblateArguments(args: readonly string[], workingFolder: string): AblateJob | null {
  const own = new Map<string, string>();
  const others: string[] = [];
  for (let i = 0; i < args.length; i++) {
    const [flag = "", ...rest] = (args[i] ?? "").split("=");
    const instead = refused[flag];
    if (instead !== undefined) throw new UsageError(`${flag} is not for ablations: ${instead}`);
    if (!isOwn(flag)) others.push(args[i] ?? "");
    else if (own.has(flag)) throw new UsageError(`${flag} is given twice`);
    else if (!ownFlags[flag] || rest.length > 0) own.set(flag, rest.join("="));
    else own.set(flag, args[++i] ?? "");
  }
  const shared = parseTrainArguments(others, workingFolder);
  if (shared === null) return null;
  if (shared.fitsPhotos)
    throw new UsageError("--preset photos fits one run to its images; give --steps and --set here");
  const { axis, values } = readVaried(own.get("--vary"));
  const config = { ...defaultConfig, ...shared.config };
  const reason = whyNoDifference(axis, config);
  if (reason !== null) throw new UsageError(`--vary ${axis}: ${reason}`);
  if (config.steps === 0) throw new UsageError("--steps is missing: the length of every run");
  const design = {
    axis,
    values,
    seeds: readSeeds(own.get("--seeds") ?? "1,2,3"),
    steps: config.steps,
    withTeacherless: own.has("--teacherless"),
    stopsHopeless: false,
  };
  return { shared, design };
}

function isOwn(flag: string): flag is keyof typeof ownFlags {
  return Object.hasOwn(ownFlags, flag);
}

function readVaried(text: string | undefined): { axis: AblationAxis; values: readonly AblationValue[] } {
  if (text === undefined) throw new UsageError("--vary is missing: hiddenWidth=8,32,128, say");
  const [name, list = ""] = text.split("=");
  const axis = ablationAxisNames.find((known) => known === name);
  if (axis === undefined)
    throw new UsageError(`--vary ${text}: what comes before = is none of ${ablationAxisNames.join(", ")}`);
  const parsed = parseAxisValues(axis, partsOf(list));
  if ("problem" in parsed) throw new UsageError(`--vary ${text}: ${parsed.problem}`);
  return { axis, values: parsed.values };
}

function readSeeds(text: string): readonly number[] {
  const parsed = parseAxisValues("seed", partsOf(text));
  if ("problem" in parsed) throw new UsageError(`--seeds ${text}: ${parsed.problem}`);
  return parsed.values.map(Number);
}

function partsOf(list: string): readonly string[] {
  return list
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");
}
