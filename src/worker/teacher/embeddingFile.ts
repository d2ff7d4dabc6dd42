import { readSafetensors, writeSafetensors } from "../../formats/safetensors.ts";
import type { StoredEmbeddings, StoredRows } from "../../ml/teachers/plainEmbeddings.ts";

/** A teacher's embeddings of a set of images as a file; `key` says which teacher, which images, at what size. */
export function writeEmbeddings(
  key: string,
  { embedding, features, known }: StoredEmbeddings,
  dtype: "float16" | "float32" = "float32",
): Uint8Array<ArrayBuffer> {
  const rows = (name: string, { values, dim }: StoredRows) => {
    return { name, shape: [values.length / dim, dim], values, dtype };
  };
  return writeSafetensors(
    [
      rows("embedding", embedding),
      ...(features === embedding ? [] : [rows("features", features)]),
      { name: "known", shape: [known.length], values: Float32Array.from(known), dtype: "float16" },
    ],
    { key },
  );
}

/** @returns null for a file of another key. @throws AppError for a file that is none of these, or cut off. */
export function readEmbeddings(key: string, bytes: Uint8Array<ArrayBuffer>): StoredEmbeddings | null {
  const { tensors, metadata } = readSafetensors(bytes);
  if (metadata.get("key") !== key) return null;
  const rows = (name: string): StoredRows | null => {
    const tensor = tensors.get(name);
    return tensor === undefined ? null : { values: tensor.toFloat32(), dim: tensor.shape[1] ?? 1 };
  };
  const [embedding, known] = [rows("embedding"), rows("known")];
  if (embedding === null || known === null) return null;
  return { embedding, features: rows("features") ?? embedding, known: Uint8Array.from(known.values) };
}
