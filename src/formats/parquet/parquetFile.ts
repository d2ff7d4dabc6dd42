import { parquetMetadata, parquetSchema, type FileMetaData, type SchemaTree } from "hyparquet";
import { getMaxDefinitionLevel, getMaxRepetitionLevel } from "hyparquet/src/schema.js";
import { AppError } from "../../contract/errors.ts";
import { quote } from "../quote.ts";
import type { ByteSource } from "./byteSource.ts";
import { ThriftFault, thriftEnd } from "./thriftLimits.ts";

/** A column that holds values: a leaf of the schema. */
export interface ParquetColumn {
  /** "image", "bytes" of a struct, or one name. */
  readonly path: readonly string[];
  readonly type: NonNullable<SchemaTree["element"]["type"]>;
  /** Declared to be text. */
  readonly isText: boolean;
  /** Lists have other numbers of values than rows. */
  readonly isList: boolean;
  /** From the root, as hyparquet wants it. */
  readonly schemaPath: SchemaTree[];
  /** Definition level of a value that is there. */
  readonly maxDefinition: number;
}

/** The values of one column in one row group, as they lie in the file. */
export interface ColumnChunk {
  readonly start: number;
  readonly end: number;
  readonly codec: string;
  readonly unpackedBytes: number;
  /** Its values cannot be read without a key, or lie in another file. */
  readonly outOfReach: "encrypted" | "elsewhere" | null;
}

interface RowGroup {
  readonly rows: number;
  /** One for each of the file's columns, in their order. */
  readonly chunks: readonly ColumnChunk[];
}

/** What the footer of a parquet file says. */
export interface ParquetFile {
  readonly name: string;
  readonly source: ByteSource;
  readonly rows: number;
  readonly columns: readonly ParquetColumn[];
  readonly rowGroups: readonly RowGroup[];
  readonly keyValues: ReadonlyMap<string, string>;
}

/** Read at first; a footer is seldom larger, and then the rest is read. */
const firstRead = 64 * 1024;
/** 100 000 chunks of columns take some 15 MB. */
const mostFooterBytes = 16 * 1024 * 1024;
const footerLimits = { depth: 24, structures: 500_000 };
const mostSchemaElements = 4096;
const mostRows = 2 ** 40;

const rewrite = "Download it again, or write it anew, for example with pyarrow or the datasets library.";

/**
 * Reads the footer of a parquet file and nothing else of it.
 *
 * @throws AppError "file-unreadable" for what is no whole parquet file, "file-unsupported" when it is encrypted,
 * "file-refused" over a limit.
 */
export async function openParquet(name: string, source: ByteSource): Promise<ParquetFile> {
  const footer = await readFooter(name, source);
  try {
    const end = thriftEnd(footer, 0, footerLimits);
    if (end === null || end > footer.length - 8) throw new ThriftFault("it ends in the middle");
    return describe(name, source, parquetMetadata(footer, { geoparquet: false }));
  } catch (error) {
    if (error instanceof AppError) throw error;
    throw unreadable(name, `its footer cannot be read: ${messageOf(error)}`, error);
  }
}

/** The metadata with the eight bytes behind it. */
async function readFooter(name: string, source: ByteSource): Promise<Uint8Array<ArrayBuffer>> {
  const { size } = source;
  if (size < 12) throw unreadable(name, `${size} bytes are too few`);
  const tail = await source.read(Math.max(0, size - firstRead), size);
  const magic = String.fromCharCode(...tail.subarray(tail.length - 4));
  if (magic === "PARE")
    throw new AppError("file-unsupported", `${quote(name)} is an encrypted parquet file.`, {
      hint: "Write it without encryption.",
    });
  if (magic !== "PAR1")
    throw unreadable(
      name,
      "it does not end with the mark of a parquet file, so it is cut off or of another kind",
    );
  const length = new DataView(tail.buffer, tail.byteOffset, tail.length).getUint32(tail.length - 8, true);
  if (length > size - 12)
    throw unreadable(name, `its footer is said to have ${length} bytes, the whole file has ${size}`);
  if (length > mostFooterBytes)
    throw new AppError(
      "file-refused",
      `The footer of ${quote(name)} has ${length} bytes, over the limit of ${mostFooterBytes}.`,
      { hint: "Write the file with fewer, larger row groups." },
    );
  if (length + 8 <= tail.length) return tail.slice(tail.length - 8 - length);
  const footer = new Uint8Array(length + 8);
  footer.set(await source.read(size - 8 - length, size - tail.length));
  footer.set(tail, footer.length - tail.length);
  return footer;
}

function describe(name: string, source: ByteSource, metadata: FileMetaData): ParquetFile {
  if (metadata.schema.length > mostSchemaElements)
    throw new AppError(
      "file-refused",
      `The schema of ${quote(name)} has ${metadata.schema.length} entries, over the limit of ${mostSchemaElements}.`,
    );
  const columns = leavesOf([parquetSchema(metadata)]);
  const rowGroups = metadata.row_groups.map((group): RowGroup => {
    if (group.columns.length !== columns.length)
      throw new Error(`a row group has ${group.columns.length} columns, the schema ${columns.length}`);
    return {
      rows: count("rows", group.num_rows, mostRows),
      chunks: group.columns.map((chunk, i) => {
        const { meta_data: meta } = chunk;
        if (meta === undefined || chunk.crypto_metadata !== undefined)
          return { start: 0, end: 0, codec: "", unpackedBytes: 0, outOfReach: "encrypted" };
        if (meta.path_in_schema.join(".") !== (columns[i] as ParquetColumn).path.join("."))
          throw new Error(`column ${i} of a row group is not the schema's`);
        const dictionary = Number(meta.dictionary_page_offset ?? 0n);
        const data = count("offset", meta.data_page_offset, source.size);
        const start = dictionary > 0 && dictionary < data ? dictionary : data;
        const elsewhere = chunk.file_path !== undefined && chunk.file_path !== "";
        return {
          start,
          end: elsewhere ? start : start + count("bytes", meta.total_compressed_size, source.size - start),
          codec: meta.codec,
          unpackedBytes: Number(meta.total_uncompressed_size),
          outOfReach: elsewhere ? "elsewhere" : null,
        };
      }),
    };
  });
  const rows = rowGroups.reduce((sum, group) => sum + group.rows, 0);
  if (rows > mostRows) throw new Error(`${rows} rows`);
  const keyValues = new Map(
    (metadata.key_value_metadata ?? []).map(({ key, value }) => [key, value ?? ""] as const),
  );
  return { name, source, rows, columns, rowGroups, keyValues };
}

function leavesOf(path: readonly SchemaTree[]): ParquetColumn[] {
  const node = path[path.length - 1] as SchemaTree;
  if (node.children.length > 0) return node.children.flatMap((child) => leavesOf([...path, child]));
  const { element } = node;
  if (element.type === undefined) throw new Error(`the column ${quote(element.name)} has no type`);
  const schemaPath = [...path];
  const text = element.converted_type === "UTF8" || element.logical_type?.type === "STRING";
  return [
    {
      path: node.path,
      type: element.type,
      isText: element.type === "BYTE_ARRAY" && text,
      isList: getMaxRepetitionLevel(schemaPath) > 0,
      schemaPath,
      maxDefinition: getMaxDefinitionLevel(schemaPath),
    },
  ];
}

function count(what: string, value: bigint, most: number): number {
  if (typeof value !== "bigint" || value < 0n || value > BigInt(most))
    throw new Error(`${String(value)} ${what}`);
  return Number(value);
}

/** A refusal of what is no whole parquet file. */
export function unreadable(name: string, what: string, cause?: unknown): AppError {
  return new AppError("file-unreadable", `${quote(name)} is no readable parquet file: ${what}.`, {
    hint: rewrite,
    cause,
  });
}

export function messageOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).replace(/\.$/, "");
}
