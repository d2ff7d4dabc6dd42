import type { ConfigPatch } from "../src/contract/config.ts";
import type { RunFile } from "../src/contract/runFile.ts";
import type { DatasetSummary } from "../src/contract/dataset.ts";
import type { TeacherCard } from "../src/contract/teacher.ts";

/** What a run that repeats another one is given beside its settings. */
export interface GivenAgain {
  readonly dataset: Pick<DatasetSummary, "name" | "count" | "fingerprint"> | null;
  readonly teacher: TeacherCard | null;
}

/** Why the run will not be the same as the one of the file, a line each; none where all that can be told agrees. */
export function differencesFrom(repeated: RunFile, { dataset, teacher }: GivenAgain): readonly string[] {
  const lines: string[] = [];
  const before = repeated.dataset;
  if (dataset !== null && dataset.fingerprint !== repeated.dataFingerprint)
    lines.push(
      `The images are not those of the run that is repeated: ${describe(dataset)} now, ${describe(before)} then.`,
    );
  const then = repeated.teacher;
  if (then !== null && teacher !== null && identityOf(then) !== identityOf(teacher))
    lines.push(
      `The teacher is not that of the run that is repeated: ${describeCard(teacher)} now, ${describeCard(then)} then.`,
    );
  const [first] = repeated.adjustments ?? [];
  if (first !== undefined)
    lines.push(
      `In the run that is repeated settings were changed on the way, in the end to ${describeChanges(repeated)}, from step ${first.step} on. This one begins with those it began with, and keeps them.`,
    );
  return lines;
}

function describeChanges({ adjustments = [] }: RunFile): string {
  const last = Object.assign({}, ...adjustments.map(({ patch }) => patch)) as ConfigPatch;
  return Object.entries(last)
    .map(([name, value]) => `${name}=${value}`)
    .join(", ");
}

function describe({ name, count }: { name: string; count: number }): string {
  return `${count} from “${name}”`;
}

/** The name is not part of it: files are renamed. */
function identityOf({ architecture, embeddingDim, parameters, recipe = {} }: TeacherCard): string {
  const { output, pooling, inputSize, normalisation } = recipe;
  return JSON.stringify([architecture, embeddingDim, parameters, output, pooling, inputSize, normalisation]);
}

function describeCard({ name, architecture, recipe }: TeacherCard): string {
  const use = Object.values(recipe ?? {}).join(", ");
  return `“${name}”, ${architecture}${use === "" ? "" : ` (${use})`}`;
}
