import type { KeptRun } from "../contract/keptRun.ts";
import { AppError } from "../contract/errors.ts";
import { runFileSchema } from "./runFile.ts";
import { z, zodProblems } from "./zod.ts";

/** Ids become names of files. */
export const runIdPattern = /^[a-z0-9-]{1,64}$/;

export const longestName = 200;
export const longestNote = 10_000;

const schema = z.object({
  format: z.literal("disco-playground-kept-run"),
  formatVersion: z.literal(1),
  runId: z.string().regex(runIdPattern),
  name: z.string().max(longestName),
  note: z.string().max(longestNote),
  starred: z.boolean(),
  startedAt: z.iso.datetime(),
  ablation: z.boolean(),
  verdict: z.string().max(1000),
  run: runFileSchema,
}) satisfies z.ZodType<KeptRun>;

/** @throws AppError "file-unreadable" with what is wrong, value by value. */
export function parseKeptRun(text: string): KeptRun {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new AppError("file-unreadable", "What is kept of a run is not valid JSON.", { cause });
  }
  const result = schema.safeParse(json);
  if (result.success) return result.data;
  throw new AppError("file-unreadable", "What is kept of a run cannot be read.", {
    details: zodProblems(result.error),
  });
}

export function formatKeptRun(record: KeptRun): string {
  return JSON.stringify(record);
}
