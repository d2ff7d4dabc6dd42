import type { CollectedFile } from "./collectFiles.ts";
import { hasImageName } from "./imagePaths.ts";

/** Of files without an image's name, so many are looked into. */
const mostLookedInto = 64;

/** Whether there are images or zips among files: by their names or, where these say nothing, by their content. */
export async function holdImages(files: readonly CollectedFile[]): Promise<boolean> {
  if (files.some(({ file }) => hasImageName(file.name) || /\.(zip|cbz)$/i.test(file.name))) return true;
  if (files.length === 0) return false;
  const { fileKindOf, kindBytes } = await import("../../formats/fileKind.ts"); // large, and seldom needed
  for (const { file } of files.slice(0, mostLookedInto)) {
    try {
      const head = new Uint8Array(await file.slice(0, kindBytes).arrayBuffer());
      const { kind } = fileKindOf(head, file.name, file.size);
      if (kind === "image" || kind === "zip") return true;
    } catch {
      continue; // it cannot be opened
    }
  }
  return false;
}
