import { AppError } from "../../contract/errors.ts";

export interface StoredFile {
  readonly name: string;
  readonly bytes: number;
}

/** Files by name, on the visitor's machine or, where there is no such place, in memory. */
export interface FileStore {
  readonly place: "disk" | "memory";
  list(): Promise<readonly StoredFile[]>;
  /** The whole of a file, as it is before or after what is written to it meanwhile; null when there is none. */
  read(name: string): Promise<Uint8Array<ArrayBuffer> | null>;
  /** In bytes; null when there is none. */
  sizeOf(name: string): Promise<number | null>;
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
  readonly files = new Map<string, Uint8Array<ArrayBuffer>>();

  /** @param mostBytes of all files together. */
  constructor(private readonly mostBytes = Infinity) {}

  async list(): Promise<readonly StoredFile[]> {
    return [...this.files].map(([name, { length }]) => ({ name, bytes: length }));
  }

  async read(name: string): Promise<Uint8Array<ArrayBuffer> | null> {
    return this.files.get(name)?.slice() ?? null;
  }

  async sizeOf(name: string): Promise<number | null> {
    return this.files.get(name)?.length ?? null;
  }

  async write(name: string, parts: Iterable<Uint8Array<ArrayBuffer>>): Promise<void> {
    const file = new Uint8Array(await new Blob([...parts]).arrayBuffer());
    let others = 0;
    for (const [other, { length }] of this.files) if (other !== name) others += length;
    if (others + file.length > this.mostBytes) throw noRoom(file.length, null);
    this.files.set(name, file);
  }

  replace(name: string, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    return this.write(name, [bytes]);
  }

  async remove(name: string): Promise<void> {
    this.files.delete(name);
  }
}
