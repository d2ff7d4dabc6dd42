/** A file of the zip, by its path in there. */
export interface PackedFile {
  readonly path: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

export function textFile(path: string, text: string): PackedFile {
  return { path, bytes: new TextEncoder().encode(text) };
}

export function jsonFile(path: string, value: unknown): PackedFile {
  return textFile(path, `${JSON.stringify(value, null, 2)}\n`);
}
