import type { GivenFile } from "../../formats/weightFiles.ts";

/** Under their paths inside a chosen folder, where there is one. */
export function givenFiles(files: readonly File[]): readonly GivenFile[] {
  return files.map((file) => ({ path: file.webkitRelativePath || file.name, content: file }));
}
