import { asStorageFault, type FileStore, type StoredFile } from "./fileStore.ts";

const contents = "contents";
const sizes = "sizes";

/** Files in IndexedDB, for browsers without a file system of the site's own. Every write happens whole or not at all. */
export class DatabaseFiles implements FileStore {
  readonly place = "disk";

  private constructor(private readonly database: IDBDatabase) {}

  /** @returns null where there is no database, or not now. */
  static async open(name: string): Promise<DatabaseFiles | null> {
    try {
      const opening = indexedDB.open(name, 1);
      opening.onupgradeneeded = () => {
        opening.result.createObjectStore(contents);
        opening.result.createObjectStore(sizes);
      };
      return new DatabaseFiles(await answerOf(opening));
    } catch {
      return null;
    }
  }

  async list(): Promise<readonly StoredFile[]> {
    const store = this.database.transaction(sizes).objectStore(sizes);
    const [names, bytes] = await Promise.all([answerOf(store.getAllKeys()), answerOf(store.getAll())]);
    return names.flatMap((name, i) => (typeof name === "string" ? [{ name, bytes: Number(bytes[i]) }] : []));
  }

  async read(name: string): Promise<Uint8Array<ArrayBuffer> | null> {
    const found: unknown = await answerOf(
      this.database.transaction(contents).objectStore(contents).get(name),
    );
    return found instanceof ArrayBuffer ? new Uint8Array(found) : null;
  }

  async sizeOf(name: string): Promise<number | null> {
    const found: unknown = await answerOf(this.database.transaction(sizes).objectStore(sizes).get(name));
    return typeof found === "number" ? found : null;
  }

  async write(name: string, parts: Iterable<Uint8Array<ArrayBuffer>>): Promise<void> {
    const bytes = await new Blob([...parts]).arrayBuffer();
    await this.change(bytes.byteLength, (transaction) => {
      transaction.objectStore(contents).put(bytes, name);
      transaction.objectStore(sizes).put(bytes.byteLength, name);
    });
  }

  replace(name: string, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    return this.write(name, [bytes]);
  }

  async remove(name: string): Promise<void> {
    await this.change(0, (transaction) => {
      transaction.objectStore(contents).delete(name);
      transaction.objectStore(sizes).delete(name);
    });
  }

  private async change(bytes: number, apply: (transaction: IDBTransaction) => void): Promise<void> {
    try {
      const transaction = this.database.transaction([contents, sizes], "readwrite", { durability: "strict" });
      apply(transaction);
      await new Promise<void>((resolve, reject) => {
        transaction.oncomplete = () => resolve();
        transaction.onabort = () => reject(transaction.error ?? new DOMException("broken off", "AbortError"));
      });
    } catch (error) {
      throw asStorageFault(error, bytes);
    }
  }
}

function answerOf<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new DOMException("no answer", "UnknownError"));
  });
}
