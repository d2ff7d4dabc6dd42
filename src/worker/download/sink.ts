/** Where the bytes of a download go as they come. */
export interface Sink {
  readonly length: number;
  /** @throws DOMException "QuotaExceededError" when there is no more room. */
  append(bytes: Uint8Array<ArrayBuffer>): void;
  /** Forgets what was appended. */
  clear(): void;
  /** What was appended so far, from the beginning. */
  pieces(): AsyncIterable<Uint8Array<ArrayBuffer>>;
}

/** So many bytes become one Blob, which the browser may move out of memory. */
const blobBytes = 8 * 1024 * 1024;

/** Keeps the bytes until the page is closed. */
export class MemorySink implements Sink {
  #blobs: Blob[] = [];
  #pending: Uint8Array<ArrayBuffer>[] = [];
  #pendingBytes = 0;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  append(bytes: Uint8Array<ArrayBuffer>): void {
    this.#pending.push(bytes);
    this.#pendingBytes += bytes.length;
    this.#length += bytes.length;
    if (this.#pendingBytes >= blobBytes) this.#pack();
  }

  clear(): void {
    this.#blobs = [];
    this.#pending = [];
    this.#pendingBytes = 0;
    this.#length = 0;
  }

  async *pieces(): AsyncGenerator<Uint8Array<ArrayBuffer>, void> {
    this.#pack();
    for (const blob of this.#blobs) yield new Uint8Array(await blob.arrayBuffer());
  }

  toFile(name: string): File {
    this.#pack();
    return new File(this.#blobs, name);
  }

  #pack(): void {
    this.#blobs.push(new Blob(this.#pending));
    this.#pending = [];
    this.#pendingBytes = 0;
  }
}
