import { parquetWriteBuffer } from "hyparquet-writer";

/** Rows of numbers with names, for a table. */
export interface NamedRows {
  readonly names: readonly string[];
  /** null where a row has none. */
  readonly labels: readonly (string | null)[];
  /** [names.length, dim] row-major. */
  readonly values: Float32Array;
  readonly dim: number;
}

/** A parquet table of `name`, `label` and `embedding`, which is a list of floats. */
export function writeEmbeddings({ names, labels, values, dim }: NamedRows): Uint8Array<ArrayBuffer> {
  const rows = names.map((_, i) => Array.from(values.subarray(i * dim, (i + 1) * dim)));
  const text = { type: "BYTE_ARRAY", converted_type: "UTF8" } as const;
  return new Uint8Array(
    parquetWriteBuffer({
      schema: [
        { name: "root", num_children: 3 },
        { name: "name", ...text, repetition_type: "REQUIRED" },
        { name: "label", ...text, repetition_type: "OPTIONAL" },
        { name: "embedding", converted_type: "LIST", num_children: 1, repetition_type: "REQUIRED" },
        { name: "list", num_children: 1, repetition_type: "REPEATED" },
        { name: "element", type: "FLOAT", repetition_type: "REQUIRED" },
      ],
      columnData: [
        { name: "name", data: [...names] },
        { name: "label", data: [...labels] },
        { name: "embedding", data: rows },
      ],
    }),
  );
}
