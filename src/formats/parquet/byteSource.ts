/** Bytes that are read piece by piece: a file of this machine, or one behind an address. */
export interface ByteSource {
  /** Of the whole. */
  readonly size: number;
  /**
   * @param end exclusive, at most `size`.
   * @returns exactly `end − start` bytes, the caller's own.
   */
  read(start: number, end: number): Promise<Uint8Array<ArrayBuffer>>;
}

/** @throws AppError "file-unreadable" from `read` when the file is no longer what it was. */
export function blobSource(blob: Blob): ByteSource {
  return {
    size: blob.size,
    read: async (start, end) => new Uint8Array(await blob.slice(start, end).arrayBuffer()),
  };
}
