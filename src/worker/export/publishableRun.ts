import type { RunFile } from "../../contract/runFile.ts";

/**
 * `run.json` without what its owner called things: a folder's name and its sub-folders' are nobody else's business. Data
 * of one's own are still told by their fingerprint.
 */
export function publishableRun(run: RunFile): RunFile {
  if (run.dataset.kind === "demo") return run;
  return {
    ...run,
    dataset: {
      ...run.dataset,
      name: "own images",
      labels: run.dataset.labels.map((_, i) => `class ${i + 1}`),
    },
  };
}
