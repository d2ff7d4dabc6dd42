import {
  defaultConfig,
  parseConfigPatch,
  settingNames,
  type ConfigPatch,
  type ConfigProblem,
} from "../contract/config.ts";
import { AppError } from "../contract/errors.ts";
import { beforeSettingsExisted } from "../contract/formerDefaults.ts";
import { parseWebAddress } from "../contract/webAddress.ts";
import type { WebOrigin } from "../contract/webOrigin.ts";
import { parseRunFileJson, runFileFormat, settingsRecord, webOrigin } from "./runFile.ts";
import { listOf, z, zodProblems } from "./zod.ts";

/** What of a run's file can be set again, and what it was given; the rest is what came of it. */
export interface RunSettings {
  /** Of a setting that is younger than the file, what was done before it existed. */
  readonly patch: ConfigPatch;
  /** What was not understood, such as settings of newer versions. */
  readonly problems: readonly ConfigProblem[];
  readonly dataset: RunDataset | null;
  readonly teacher: RunTeacher | null;
  readonly dataOrigin: WebOrigin | null;
  readonly teacherOrigin: WebOrigin | null;
  /** How often settings were changed on the way; `patch` is what the run began with. */
  readonly adjustments: number;
}

const dataset = z.object({
  name: z.string(),
  kind: z.enum(["demo", "own"]),
  fingerprint: z.string().regex(/^[0-9a-f]{64}$/),
});
type RunDataset = z.infer<typeof dataset>;

const teacher = z.object({
  name: z.string(),
  source: z.string(),
  architecture: z.string(),
  embeddingDim: z.number(),
  parameters: z.number(),
});
export type RunTeacher = z.infer<typeof teacher>;

const adjustments = listOf(z.unknown());

/**
 * Reads the settings of a `run.json`, whichever version wrote it: what is understood is kept, the rest reported.
 * `parseRunFile` reads a file as a whole, or not at all.
 *
 * @returns null for JSON that is not the file of a run.
 * @throws AppError where it is too long, no JSON, or holds no settings.
 */
export function readRunSettings(text: string): RunSettings | null {
  const json = z.record(z.string(), z.unknown()).safeParse(parseRunFileJson(text)).data;
  if (json === undefined || json["format"] !== runFileFormat) return null;
  const problems: ConfigProblem[] = [];
  if (json["formatVersion"] !== 1)
    problems.push({ name: "formatVersion", message: "is not 1; what is understood is kept" });

  const part = <T>(name: string, schema: z.ZodType<T>): T | null => {
    const value = json[name];
    if (value === undefined || value === null) return null;
    const result = schema.safeParse(value);
    if (result.success) return result.data;
    problems.push({ name, message: `is not used: ${zodProblems(result.error, 1).join()}` });
    return null;
  };
  const origin = (name: string): WebOrigin | null => {
    const found = part(name, webOrigin);
    if (found === null) return null;
    try {
      return { ...found, address: parseWebAddress(found.address).href };
    } catch (error) {
      problems.push({ name, message: error instanceof Error ? error.message : String(error) });
      return null;
    }
  };

  const config = part("config", settingsRecord);
  if (config === null)
    throw new AppError("file-unreadable", "The run file holds no settings that can be read.", {
      hint: "It may have been edited. Export the run again.",
      details: problems.map(({ name, message }) => `${name}: ${message}`),
    });
  const given = parseConfigPatch(config);
  const seed = given.patch.seed ?? defaultConfig.seed;
  const patch = { ...beforeSettingsExisted(seed), ...given.patch };
  const missing = settingNames.filter((name) => !Object.hasOwn(config, name) && !Object.hasOwn(patch, name));
  return {
    patch,
    dataset: part("dataset", dataset),
    teacher: part("teacher", teacher),
    dataOrigin: origin("dataOrigin"),
    teacherOrigin: origin("teacherOrigin"),
    adjustments: part("adjustments", adjustments)?.length ?? 0,
    problems: [
      ...problems,
      ...given.problems,
      ...missing.map((name) => ({ name, message: "is missing; its default is set" })),
    ],
  };
}
