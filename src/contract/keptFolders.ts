/** Folders of the site's own file system: the worker fills them, the page counts and empties them. */
export const keptFolders = {
  downloads: "downloads",
  /** What teachers made of plain images; an earlier name, so that what is there is found. */
  embeddings: "teacher-answers",
  runs: "runs",
} as const;
