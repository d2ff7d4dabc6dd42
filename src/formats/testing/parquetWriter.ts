import { parquetWriteBuffer } from "hyparquet-writer";

type WriteOptions = Parameters<typeof parquetWriteBuffer>[0];
type SchemaElement = NonNullable<WriteOptions["schema"]>[number];

export interface ImageTable {
  readonly images: readonly (Uint8Array | null)[];
  /** Numbers of classes or text; none when left out. */
  readonly labels?: readonly (number | string | null)[];
  /** As the datasets library notes them, with an "Image" and a "ClassLabel" feature. */
  readonly classNames?: readonly string[];
  readonly imageColumn?: string;
  readonly labelColumn?: string;
  /** A plain column of bytes in place of a struct `{bytes, path}`. */
  readonly plain?: boolean;
  readonly codec?: NonNullable<WriteOptions["codec"]>;
  /** For any codec but snappy. */
  readonly compress?: (bytes: Uint8Array) => Uint8Array;
  readonly rowGroupSize?: number;
  readonly pageSize?: number;
}

/** A parquet file of images as the datasets library lays them out. */
export function writeImageTable(table: ImageTable): Uint8Array<ArrayBuffer> {
  const { images, labels, classNames, plain = false, imageColumn = "image", labelColumn = "label" } = table;
  const isText = labels?.some((label) => typeof label === "string") ?? false;
  const schema: SchemaElement[] = [
    { name: "root", num_children: labels === undefined ? 1 : 2 },
    ...(plain
      ? [{ name: imageColumn, type: "BYTE_ARRAY", repetition_type: "OPTIONAL" } as const]
      : ([
          { name: imageColumn, num_children: 2, repetition_type: "OPTIONAL" },
          { name: "bytes", type: "BYTE_ARRAY", repetition_type: "OPTIONAL" },
          { name: "path", type: "BYTE_ARRAY", converted_type: "UTF8", repetition_type: "OPTIONAL" },
        ] as const)),
  ];
  const columnData: { name: string; data: unknown[] }[] = [
    {
      name: imageColumn,
      data: plain
        ? [...images]
        : images.map((bytes, i) => (bytes === null ? null : { bytes, path: `${i}.png` })),
    },
  ];
  if (labels !== undefined) {
    schema.push(
      isText
        ? { name: labelColumn, type: "BYTE_ARRAY", converted_type: "UTF8", repetition_type: "OPTIONAL" }
        : { name: labelColumn, type: "INT64", repetition_type: "OPTIONAL" },
    );
    const data = labels.map((label) => (typeof label === "number" ? BigInt(label) : label));
    columnData.push({ name: labelColumn, data });
  }
  const features = {
    [imageColumn]: { _type: "Image" },
    ...(classNames === undefined ? {} : { [labelColumn]: { _type: "ClassLabel", names: classNames } }),
  };
  const buffer = parquetWriteBuffer({
    schema,
    columnData,
    codec: table.codec ?? "SNAPPY",
    ...(table.codec === undefined || table.compress === undefined
      ? {}
      : { compressors: { [table.codec]: table.compress } }),
    rowGroupSize: table.rowGroupSize ?? 100,
    ...(table.pageSize === undefined ? {} : { pageSize: table.pageSize }),
    kvMetadata: plain ? [] : [{ key: "huggingface", value: JSON.stringify({ info: { features } }) }],
  });
  return new Uint8Array(buffer);
}

/** Bytes that no compression shortens, and that tell which they are. */
export function pseudoImage(index: number, length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  let state = index + 1;
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    bytes[i] = state >>> 24;
  }
  return bytes;
}
