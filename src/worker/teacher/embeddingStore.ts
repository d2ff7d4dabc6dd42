import { keptFolders } from "../../contract/keptFolders.ts";
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";
import type { EmbeddingStore } from "./embeddingCache.ts";

/** Together they take no more than this; the oldest go first. */
const mostBytes = 256 * 1024 * 1024;

/**
 * A folder of the site's own file system (OPFS), as one worker writes it: a tab that finds a file in use by another
 * goes without.
 *
 * @returns null where the browser has no such file system, or not now (private windows).
 */
export async function openEmbeddingStore(): Promise<EmbeddingStore | null> {
  let folder: FileSystemDirectoryHandle; // under the name that earlier versions gave it
  try {
    const root = await navigator.storage.getDirectory();
    folder = await root.getDirectoryHandle(keptFolders.embeddings, { create: true });
  } catch {
    return null;
  }
  const nameOf = (key: string): string => `${bytesToHex(sha256(utf8ToBytes(key)))}.safetensors`;
  return {
    async read(key) {
      try {
        const handle = await folder.getFileHandle(nameOf(key));
        return new Uint8Array(await (await handle.getFile()).arrayBuffer());
      } catch {
        return null;
      }
    },
    async write(key, bytes) {
      if (bytes.length > mostBytes) return;
      const name = nameOf(key);
      try {
        await makeRoom(folder, mostBytes - bytes.length, name);
        const access = await (await folder.getFileHandle(name, { create: true })).createSyncAccessHandle();
        try {
          access.truncate(0);
          access.write(bytes, { at: 0 });
          access.flush();
        } finally {
          access.close();
        }
      } catch {
        // No room, or another tab is at it. A file cut off is refused when it is read.
      }
    },
  };
}

async function makeRoom(folder: FileSystemDirectoryHandle, mostBytes: number, except: string): Promise<void> {
  const files: File[] = [];
  for await (const [name, handle] of folder.entries())
    if (handle.kind === "file" && name !== except) files.push(await handle.getFile());
  files.sort((a, b) => b.lastModified - a.lastModified);
  let bytes = 0;
  for (const file of files) {
    bytes += file.size;
    if (bytes > mostBytes) await folder.removeEntry(file.name);
  }
}
