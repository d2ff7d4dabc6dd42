import type { AblationDesign } from "../contract/ablationDesign.ts";
import type { AblationJob } from "../contract/ablationJob.ts";
import { formatDesign, parseDesign } from "../contract/ablationText.ts";
import { defaultConfig, parseConfigPatch, type Config } from "../contract/config.ts";
import { AppError } from "../contract/errors.ts";
import { runIdPattern } from "./keptRun.ts";
import { prefixScores, settingsRecord } from "./runFile.ts";
import { z, zodProblems } from "./zod.ts";

/** An ablation as it is kept on the visitor's machine: what it is, and how far its queue has come. */
export interface KeptAblation {
  readonly design: AblationDesign;
  readonly config: Config;
  readonly dataFingerprint: string;
  readonly jobs: readonly AblationJob[];
}

const format = "disco-playground-ablation";
const longestProblem = 2000;

const design = z
  .string()
  .max(2000)
  .transform((text, context): AblationDesign => {
    const parsed = parseDesign(text);
    if ("design" in parsed) return parsed.design;
    context.addIssue({ code: "custom", message: parsed.problem });
    return z.NEVER;
  });

const config = settingsRecord.transform((input, context): Config => {
  const { patch, problems } = parseConfigPatch(input);
  for (const { name, message } of problems) context.addIssue({ code: "custom", path: [name], message });
  return { ...defaultConfig, ...patch };
});

const share = z.number().min(0).max(1).nullable();

const job = z.object({
  value: z.union([z.number(), z.string()]).nullable(),
  seed: z.int().nonnegative(),
  state: z.enum(["queued", "running", "done", "failed", "skipped", "stoppedEarly"]),
  runId: z.union([z.literal(""), z.string().regex(runIdPattern)]),
  attempts: z.int().nonnegative(),
  result: z
    .object({
      knn: share,
      distillation: z.number().nullable(),
      prefixes: prefixScores,
      baseline: z
        .object({
          teacherKnn: share,
          teacherPrefixes: prefixScores,
          untrainedKnn: share,
          chance: share,
          queryImages: z.int().nonnegative(),
        })
        .nullable(),
    })
    .nullable(),
  seconds: z.number().nonnegative().nullable(),
  problem: z.string().max(longestProblem),
}) satisfies z.ZodType<AblationJob>;

const schema = z
  .object({
    format: z.literal(format),
    formatVersion: z.literal(1),
    design,
    config,
    dataFingerprint: z.string().max(200),
    jobs: z.array(job).min(1).max(1000),
  })
  .refine(
    ({ design, jobs }) => new Set(jobs.map(keyOf)).size === jobs.length && jobs.every(belongsTo(design)),
    {
      path: ["jobs"],
      error: "are not those of the design",
    },
  );

function keyOf({ value, seed }: AblationJob): string {
  return JSON.stringify([value, seed]);
}

function belongsTo({ values, seeds, withTeacherless }: AblationDesign): (job: AblationJob) => boolean {
  return ({ value, seed }) =>
    seeds.includes(seed) && (value === null ? withTeacherless : values.includes(value));
}

/** @throws AppError "file-unreadable" with what is wrong, value by value. */
export function parseKeptAblation(text: string): KeptAblation {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new AppError("file-unreadable", "What is kept of an ablation is not valid JSON.", { cause });
  }
  const result = schema.safeParse(json);
  if (result.success) {
    const { design, config, dataFingerprint, jobs } = result.data;
    return { design, config, dataFingerprint, jobs };
  }
  throw new AppError("file-unreadable", "What is kept of an ablation cannot be read.", {
    details: zodProblems(result.error),
  });
}

export function formatKeptAblation({ design, config, dataFingerprint, jobs }: KeptAblation): string {
  return JSON.stringify({
    format,
    formatVersion: 1,
    design: formatDesign(design),
    config,
    dataFingerprint,
    jobs: jobs.map((job) => ({ ...job, problem: job.problem.slice(0, longestProblem) })),
  });
}
