import { defaultConfig, configDifference } from "../../contract/config.ts";
import type { RunSettings, RunTeacher } from "../../formats/runSettings.ts";
import type { CollectedFile } from "../ingest/collectFiles.ts";
import { datasetStore } from "../stores/datasetStore.ts";
import { notify, notifyError } from "../stores/noticeStore.ts";
import { teacherStore } from "../stores/teacherStore.ts";
import { applyLink, compareWithLink } from "./applyLink.ts";
import { describeProblems, linkedDatasetOf } from "./shareLink.ts";

/** Whether what was given may be the file of a run: one file, and JSON by its name. Told without a look inside. */
export function mayBeRunFile(files: readonly Pick<File, "name">[]): boolean {
  return files.length === 1 && /\.json$/i.test(files[0]!.name);
}

/**
 * The file of a run, dropped on the page or chosen: the page is set as the run was, and says so. It never runs anything.
 *
 * @returns whether it was taken; what is not the file of a run is left to whoever else wants it.
 */
export async function restoreRun(files: readonly Pick<CollectedFile, "file">[]): Promise<boolean> {
  const file = files[0]?.file;
  if (file === undefined || !mayBeRunFile(files.map((one) => one.file))) return false;
  const { maxRunFileBytes, runFileFormat } = await import("../../formats/runFile.ts");
  if (file.size > maxRunFileBytes) return false;
  const { readRunSettings } = await import("../../formats/runSettings.ts");
  try {
    const text = await file.text();
    if (!text.includes(runFileFormat)) return false;
    const settings = readRunSettings(text);
    if (settings === null) return false;
    apply(settings, file.name);
  } catch (error) {
    notifyError(error, "link");
  }
  return true;
}

const mostNamed = 12;

function apply({ patch, problems, adjustments, ...given }: RunSettings, fileName: string): void {
  applyLink(
    {
      ...{ patch, problems, view: null, design: null },
      dataset: given.dataset?.kind === "own" ? linkedDatasetOf(given.dataset) : null,
      teacher: patch.teacher === "own" ? given.teacherOrigin : null,
      data: given.dataset?.kind === "own" ? given.dataOrigin : null,
    },
    "run",
  );
  if (datasetStore.getState().summary?.kind === "own") compareWithLink();
  if (patch.teacher === "own" && given.teacher !== null && given.teacherOrigin === null)
    askForTeacher(given.teacher);

  const changed = Object.entries(configDifference({ ...defaultConfig, ...patch }));
  const named = changed.slice(0, mostNamed).map(([name, value]) => `${name}: ${value}`);
  const count = Object.keys(patch).length;
  notify("info", `Set ${count} settings from “${fileName}”. Nothing has been started.`, {
    hint:
      problems.length === 0
        ? "Press Start to train with them."
        : "What it did not understand, the page left out.",
    details: [
      ...describeProblems(problems),
      changed.length === 0 ? "They are all the defaults." : `Not the defaults: ${named.join(", ")}`,
      ...(changed.length > mostNamed ? [`and ${changed.length - mostNamed} more`] : []),
      ...(adjustments === 0
        ? []
        : ["That run's settings were changed on the way; these are those it began with."]),
    ],
    cause: "link",
  });
}

/** The teacher of one's own is a file that a run's does not hold. What is loaded may be that one. */
function askForTeacher({ name, architecture, embeddingDim, parameters }: RunTeacher): void {
  const { card } = teacherStore.getState();
  const isAlike =
    card?.architecture === architecture &&
    card.embeddingDim === embeddingDim &&
    card.parameters === parameters;
  if (isAlike) return;
  notify("info", `This run learnt from “${name}”, ${architecture}, which its file does not carry.`, {
    hint: "Give that file under “Teacher” to go on.",
    cause: "linkedTeacher",
  });
}
