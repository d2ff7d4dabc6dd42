import { keptFolders } from "../../contract/keptFolders.ts";
import { DatabaseFiles } from "./databaseFiles.ts";
import { MemoryFiles, type FileStore } from "./fileStore.ts";
import { OpfsFiles } from "./opfsFiles.ts";

/** Where runs are kept on this machine: the site's own file system, else its database, else for the visit only. */
export async function openKeptFiles(): Promise<FileStore> {
  return (
    (await OpfsFiles.open(keptFolders.runs)) ??
    (await DatabaseFiles.open("disco-playground-runs")) ??
    new MemoryFiles()
  );
}

/** As far as the browser says. */
export async function roomLeft(): Promise<number> {
  try {
    const { quota = Infinity, usage = 0 } = await navigator.storage.estimate();
    return quota - usage;
  } catch {
    return Infinity;
  }
}
