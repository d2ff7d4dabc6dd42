import { asStorageFault, noRoom, type FileStore, type StoredFile } from "./fileStore.ts";

/** A file that is replaced again and again is read in one of these. */
const mostTries = 20;

/** A folder of the site's own file system (OPFS). Written from a worker, the only place for access that does not wait. */
export class OpfsFiles implements FileStore {
  readonly place = "disk";

  private constructor(private readonly folder: FileSystemDirectoryHandle) {}

  /** @returns null where the browser has no such file system, or not now (private windows). */
  static async open(name: string): Promise<OpfsFiles | null> {
    try {
      if (!("createSyncAccessHandle" in FileSystemFileHandle.prototype)) return null;
      const root = await navigator.storage.getDirectory();
      return new OpfsFiles(await root.getDirectoryHandle(name, { create: true }));
    } catch {
      return null;
    }
  }

  async list(): Promise<readonly StoredFile[]> {
    const files: StoredFile[] = [];
    for await (const [name, handle] of this.folder.entries()) {
      if (handle.kind !== "file") continue;
      const file = await fileOf(handle);
      if (file !== null) files.push({ name, bytes: file.size }); // else it was removed meanwhile
    }
    return files;
  }

  async read(name: string): Promise<Uint8Array<ArrayBuffer> | null> {
    for (let tries = 0; tries < mostTries; tries++) {
      const file = await this.find(name);
      if (file === null) return null;
      try {
        return new Uint8Array(await file.arrayBuffer());
      } catch {
        // Changed since it was found.
      }
    }
    return null;
  }

  async sizeOf(name: string): Promise<number | null> {
    return (await this.find(name))?.size ?? null;
  }

  private async find(name: string): Promise<File | null> {
    const handle = await this.folder.getFileHandle(name).catch(() => null);
    return handle === null ? null : fileOf(handle);
  }

  async write(name: string, parts: Iterable<Uint8Array<ArrayBuffer>>): Promise<void> {
    let at = 0;
    try {
      const file = await this.folder.getFileHandle(name, { create: true });
      const access = await file.createSyncAccessHandle();
      try {
        access.truncate(0);
        for (const part of parts) {
          const written = access.write(part, { at });
          at += part.length;
          // On a full disk Chromium 156 does not throw, but counts wrongly.
          if (written !== part.length) {
            access.truncate(0);
            throw noRoom(at, null);
          }
        }
        access.flush();
      } finally {
        access.close();
      }
    } catch (error) {
      throw asStorageFault(error, at);
    }
  }

  async replace(name: string, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    if (!("createWritable" in FileSystemFileHandle.prototype)) return this.write(name, [bytes]);
    try {
      const file = await this.folder.getFileHandle(name, { create: true });
      const writable = await file.createWritable(); // to a file aside, which takes its place at the end
      try {
        await writable.write(bytes);
      } catch (error) {
        await writable.abort();
        throw error;
      }
      await writable.close();
    } catch (error) {
      throw asStorageFault(error, bytes.length);
    }
  }

  async remove(name: string): Promise<void> {
    try {
      await this.folder.removeEntry(name);
    } catch {
      // Not there, or being written by another tab.
    }
  }
}

/** null for one that was removed. */
function fileOf(handle: FileSystemFileHandle): Promise<File | null> {
  return handle.getFile().catch(() => null);
}
