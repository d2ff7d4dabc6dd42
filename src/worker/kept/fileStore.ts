import { AppError } from "../../contract/errors.ts";

export interface StoredFile {
  readonly name: string;
  readonly bytes: number;
}

/** Files by name, on the visitor's machine or, where there is no such place, in memory. */
export interface FileStore {
  readonly place: "disk" | "memory";
  list(): Promise<readonly StoredFile[]>;
  /** null when there is none of this name. */
  read(name: string): Promise<Blob | null>;
  /**
   * Replaces a file. Broken off, it leaves part of one.
   *
   * @param parts one after another; asked for as they are needed.
   * @throws AppError "storage-failed" when there is no room, "busy" when another tab writes to it.
   */
  write(name: string, parts: Iterable<Uint8Array<ArrayBuffer>>): Promise<void>;
  /** Replaces a small file, which is the old one or the new one whatever happens, where the browser can do that. */
  replace(name: string, bytes: Uint8Array<ArrayBuffer>): Promise<void>;
  /** Nothing happens where there is none. */
  remove(name: string): Promise<void>;
}

/** @param bytes that were to be written. */
export function noRoom(bytes: number, cause: unknown): AppError {
  return new AppError(
    "storage-failed",
    `There is no room for ${(bytes / 1e6).toFixed(1)} MB on this machine.`,
    {
      hint: "Delete earlier runs, or free some of the disk.",
      cause,
    },
  );
}

/** What a browser throws when a file cannot be written, as a fault of the world. */
export function asStorageFault(error: unknown, bytes: number): unknown {
  if (!(error instanceof DOMException)) return error;
  if (error.name === "QuotaExceededError") return noRoom(bytes, error);
  if (error.name === "NoModificationAllowedError")
    return new AppError("busy", "Another tab of the playground is writing this file.", {
      hint: "Close the other tab, or wait.",
      cause: error,
    });
  return new AppError("storage-failed", `The browser could not write a file: ${error.message}`, {
    hint: "In a private window nothing can be kept.",
    cause: error,
  });
}

/** For tests, and for browsers that keep nothing. */
export class MemoryFiles implements FileStore {
  readonly place = "memory";
  readonly files = new Map<string, Blob>();

  /** @param mostBytes of all files together. */
  constructor(private readonly mostBytes = Infinity) {}

  async list(): Promise<readonly StoredFile[]> {
    return [...this.files].map(([name, { size }]) => ({ name, bytes: size }));
  }

  async read(name: string): Promise<Blob | null> {
    return this.files.get(name) ?? null;
  }

  async write(name: string, parts: Iterable<Uint8Array<ArrayBuffer>>): Promise<void> {
    const file = new Blob([...parts]);
    let others = 0;
    for (const [other, { size }] of this.files) if (other !== name) others += size;
    if (others + file.size > this.mostBytes) throw noRoom(file.size, null);
    this.files.set(name, file);
  }

  replace(name: string, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    return this.write(name, [bytes]);
  }

  async remove(name: string): Promise<void> {
    this.files.delete(name);
  }
}
