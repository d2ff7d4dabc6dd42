/** What the site keeps in this browser but for runs (`commands/keptRuns.ts`), and the way to be rid of it. */
import { keptFolders } from "../../contract/keptFolders.ts";
import { cachePrefix } from "../../contract/serviceWorker.ts";

export interface KeptBytes {
  /** The site itself, for when there is no network. */
  readonly site: number;
  /** Downloads, and teachers' embeddings. */
  readonly files: number;
  /** What the browser grants in all; null where it does not tell. */
  readonly quota: number | null;
}

export async function keptBytes(): Promise<KeptBytes> {
  const [site, files, estimate] = await Promise.all([
    siteBytes(),
    fileBytes().catch(() => 0), // private windows may have no files
    (navigator.storage as StorageManager | undefined)?.estimate().catch(() => null) ?? null,
  ]);
  return { site, files, quota: estimate?.quota ?? null };
}

/** Of the site itself. It still works, and is kept again with the next visit. */
export async function forgetSite(): Promise<void> {
  for (const name of await ownCaches()) await caches.delete(name);
}

/** Teachers' embeddings of images. They are computed again where they are needed. */
export async function forgetEmbeddings(): Promise<void> {
  const root = await navigator.storage.getDirectory();
  // Without the folder, which the engine has open.
  const folder = await root.getDirectoryHandle(keptFolders.embeddings, { create: true });
  for await (const name of folder.keys()) await folder.removeEntry(name).catch(() => undefined); // in use
}

async function siteBytes(): Promise<number> {
  let bytes = 0;
  for (const name of await ownCaches()) {
    const responses = await (await caches.open(name)).matchAll();
    for (const { headers } of responses) bytes += Number(headers.get("Content-Length") ?? 0);
  }
  return bytes;
}

async function ownCaches(): Promise<readonly string[]> {
  if (!("caches" in window)) return []; // not served in safety
  const prefix = cachePrefix(new URL("./", document.baseURI).href);
  return (await caches.keys()).filter((name) => name.startsWith(prefix));
}

async function fileBytes(): Promise<number> {
  const root = await navigator.storage.getDirectory();
  let bytes = 0;
  for (const name of [keptFolders.downloads, keptFolders.embeddings]) {
    const folder = await root.getDirectoryHandle(name).catch(() => null); // nothing yet
    if (folder !== null) bytes += await folderBytes(folder);
  }
  return bytes;
}

async function folderBytes(folder: FileSystemDirectoryHandle): Promise<number> {
  let bytes = 0;
  for await (const handle of folder.values())
    bytes += handle.kind === "directory" ? await folderBytes(handle) : (await handle.getFile()).size;
  return bytes;
}
