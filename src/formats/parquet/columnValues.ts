import { parquetHeader } from "hyparquet/src/column.js";
import { readDataPage, readDataPageV2 } from "hyparquet/src/datapage.js";
import { readPlain } from "hyparquet/src/plain.js";
import type { CompressionCodec } from "hyparquet";
import { AppError } from "../../contract/errors.ts";
import { quote } from "../quote.ts";
import type { ByteSource } from "./byteSource.ts";
import {
  messageOf,
  unreadable,
  type ColumnChunk,
  type ParquetColumn,
  type ParquetFile,
} from "./parquetFile.ts";
import { checkDeltas, checkRuns, EncodingFault } from "./runLimits.ts";
import { ThriftFault, thriftEnd } from "./thriftLimits.ts";
import { unpackPage } from "./unpackPage.ts";

type PageHeader = ReturnType<typeof parquetHeader>;
type Decoder = Parameters<typeof readDataPage>[2];

/** As stored: text is bytes still, and dates are numbers. */
export type ParquetValue = Uint8Array | number | bigint | boolean | null;

const mebibyte = 1024 * 1024;
/**
 * The hub's own viewer reads row groups of up to 300 MB. How far a page unpacks says nothing: drawings on blank paper
 * do so a thousandfold.
 */
const mostPageBytes = 320 * mebibyte;
const mostPageValues = 4 * mebibyte;
/** Statistics in it may hold whole values. */
const mostHeaderBytes = 4 * mebibyte;
const headerLimits = { depth: 8, structures: 64 };

const leastRead = 64 * 1024;
/** At once: a larger one that fails costs more to repeat. */
const mostRead = 8 * mebibyte;

/**
 * The first values of a column in one row group, one array a page.
 *
 * The chunk is read from its start in pieces, each about as long as the values still wanted, so that neither a row
 * group of gigabytes nor a few of its rows need more than a page in memory.
 *
 * @param rows how many values are wanted; the last page may bring more.
 * @throws AppError "file-unreadable", "file-unsupported" or "file-refused".
 */
export async function* readColumnValues(
  file: ParquetFile,
  groupIndex: number,
  columnIndex: number,
  rows: number,
): AsyncGenerator<readonly ParquetValue[], void> {
  const group = file.rowGroups[groupIndex];
  const column = file.columns[columnIndex];
  const chunk = group?.chunks[columnIndex];
  if (group === undefined || column === undefined || chunk === undefined) return;
  if (chunk.outOfReach !== null) throw outOfReach(file, column, chunk);
  const bytes = openWindow(file.source, chunk.start, chunk.end);
  const bytesPerRow = (chunk.end - chunk.start) / Math.max(1, group.rows);
  let at = chunk.start;
  let dictionary: readonly ParquetValue[] | null = null;
  let seen = 0;
  try {
    while (seen < Math.min(rows, group.rows)) {
      const ahead = Math.min(mostRead, Math.max(leastRead, bytesPerRow * (rows - seen) + leastRead / 4));
      const { header, end } = await readHeader(bytes, at, Math.ceil(ahead));
      const length = checkSizes(file, chunk, header, end, group.rows - seen);
      const body = (await bytes.view(end, length, Math.ceil(ahead))).slice();
      at = end + length;
      if (header.type === "INDEX_PAGE" || isEmpty(header)) continue;
      if (header.type === "DICTIONARY_PAGE") {
        if (dictionary !== null) throw new EncodingFault("a second dictionary");
        dictionary = await readDictionary(column, chunk, header, body);
        continue;
      }
      const values = await readPage(column, chunk, header, body, dictionary);
      if (values.length === 0) continue;
      yield values;
      seen += values.length;
    }
  } catch (error) {
    if (error instanceof AppError) throw error;
    const where = `column ${quote(column.path.join("."))}, row group ${groupIndex + 1}: ${messageOf(error)}`;
    throw unreadable(file.name, where, error);
  }
}

/** @param ahead how much to read where a header is not in the window. */
async function readHeader(
  bytes: Window,
  at: number,
  ahead: number,
): Promise<{ header: PageHeader; end: number }> {
  for (let length = leastRead / 4; ; length *= 4) {
    const piece = await bytes.view(at, Math.min(length, bytes.end - at), ahead);
    const end = thriftEnd(piece, 0, headerLimits);
    if (end !== null) {
      const view = new DataView(piece.buffer, piece.byteOffset, end);
      return { header: parquetHeader({ view, offset: 0 }), end: at + end };
    }
    if (at + length >= bytes.end) throw new ThriftFault("a page's header is cut off");
    if (length > mostHeaderBytes) throw new ThriftFault("a page's header does not end");
  }
}

/** @returns the page's length in the file. */
function checkSizes(
  file: ParquetFile,
  chunk: ColumnChunk,
  header: PageHeader,
  start: number,
  rowsLeft: number,
): number {
  const { compressed_page_size: length, uncompressed_page_size: unpacked } = header;
  if (!(length >= 0) || length > chunk.end - start) throw new EncodingFault(`a page of ${length} bytes`);
  if (!(unpacked >= 0)) throw new EncodingFault(`a page of ${unpacked} bytes`);
  if (length > mostPageBytes || unpacked > mostPageBytes) {
    const megabytes = (bytes: number): string => `${Math.round(bytes / 1e6)} MB`;
    throw new AppError(
      "file-refused",
      `A page of ${quote(file.name)} has ${megabytes(Math.max(length, unpacked))}, over the limit of ${megabytes(mostPageBytes)}.`,
      { hint: "Write the file with smaller row groups or pages." },
    );
  }
  const data = header.data_page_header ?? header.data_page_header_v2;
  const values = (data ?? header.dictionary_page_header)?.num_values ?? 0;
  if (!(values >= 0) || values > mostPageValues) throw new EncodingFault(`a page of ${values} values`);
  if (data !== undefined && values > rowsLeft)
    throw new EncodingFault(`${values} values in a page where ${rowsLeft} rows are left`);
  return length;
}

/** A page without a value is not worth unpacking: many of them could keep the reader busy without end. */
function isEmpty(header: PageHeader): boolean {
  return (header.data_page_header ?? header.data_page_header_v2)?.num_values === 0;
}

async function readDictionary(
  column: ParquetColumn,
  chunk: ColumnChunk,
  header: PageHeader,
  body: Uint8Array<ArrayBuffer>,
): Promise<readonly ParquetValue[]> {
  const page = await unpackPage(chunk.codec as CompressionCodec, body, header.uncompressed_page_size);
  const { element } = decoderOf(column);
  const reader = { view: new DataView(page.buffer, page.byteOffset, page.length), offset: 0 };
  const values = header.dictionary_page_header?.num_values ?? 0;
  return [...(readPlain(reader, column.type, values, element.type_length) as Iterable<ParquetValue>)];
}

/** One entry a row. */
async function readPage(
  column: ParquetColumn,
  chunk: ColumnChunk,
  header: PageHeader,
  body: Uint8Array<ArrayBuffer>,
  dictionary: readonly ParquetValue[] | null,
): Promise<readonly ParquetValue[]> {
  const codec = chunk.codec as CompressionCodec;
  const decoder = decoderOf(column);
  const levelBits = 32 - Math.clz32(column.maxDefinition);

  const first = header.data_page_header;
  if (first !== undefined) {
    const page = await unpackPage(codec, body, header.uncompressed_page_size);
    let at = 0;
    if (column.maxDefinition > 0) {
      const length = new DataView(page.buffer, page.byteOffset, page.length).getUint32(0, true);
      checkRuns(page, 4, levelBits, first.num_values);
      at = 4 + length;
    }
    checkEncoding(column, first.encoding, page, at, first.num_values);
    const { definitionLevels, dataPage } = readDataPage(page, first, decoder);
    return rowsOf(column, first.num_values, definitionLevels, resolve(dataPage, first.encoding, dictionary));
  }

  const second = header.data_page_header_v2;
  if (second === undefined) throw new EncodingFault(`a page of type ${header.type}`);
  const { definition_levels_byte_length: levels, repetition_levels_byte_length: lists } = second;
  const nulls = second.num_nulls;
  if (lists !== 0 || !(levels >= 0) || levels > body.length || !(nulls >= 0) || nulls > second.num_values)
    throw new EncodingFault("a page whose levels contradict it");
  const unpackedBytes = header.uncompressed_page_size - levels;
  if (unpackedBytes < 0) throw new EncodingFault("a page whose lengths contradict each other");
  const packed = body.slice(levels);
  const plain = second.is_compressed === false || unpackedBytes === 0;
  const values = plain ? packed : await unpackPage(codec, packed, unpackedBytes);
  const page = new Uint8Array(levels + values.length);
  page.set(body.subarray(0, levels));
  page.set(values, levels);
  if (column.maxDefinition > 0) checkRuns(page, 0, levelBits, second.num_values);
  checkEncoding(column, second.encoding, page, levels, second.num_values);
  const unpacked = { ...header, data_page_header_v2: { ...second, is_compressed: false } };
  const { definitionLevels, dataPage } = readDataPageV2(page, unpacked, decoder);
  return rowsOf(column, second.num_values, definitionLevels, resolve(dataPage, second.encoding, dictionary));
}

/** @param at where the values begin. */
function checkEncoding(
  column: ParquetColumn,
  encoding: string,
  page: Uint8Array,
  at: number,
  values: number,
): void {
  switch (encoding) {
    case "PLAIN":
      return;
    case "PLAIN_DICTIONARY":
    case "RLE_DICTIONARY":
      if (column.type === "BOOLEAN") throw new EncodingFault("a dictionary of truth values");
      checkRuns(page, at + 1, page[at] ?? 0, values);
      return;
    case "RLE":
      if (column.type !== "BOOLEAN") throw new EncodingFault("run lengths of other than truth values");
      checkRuns(page, at + 4, 1, values);
      return;
    case "DELTA_BINARY_PACKED":
    case "DELTA_LENGTH_BYTE_ARRAY":
      checkDeltas(page, at);
      return;
    default:
      throw new AppError(
        "file-unsupported",
        `The column ${quote(column.path.join("."))} is encoded as ${encoding}, which is not read here.`,
        { hint: "Write the file with the plain or the dictionary encoding, which are the usual ones." },
      );
  }
}

function resolve(
  values: ArrayLike<unknown>,
  encoding: string,
  dictionary: readonly ParquetValue[] | null,
): ArrayLike<ParquetValue> {
  if (!encoding.endsWith("_DICTIONARY")) return values as ArrayLike<ParquetValue>;
  if (dictionary === null) throw new EncodingFault("a page refers to a dictionary that is not there");
  return Array.from(values as ArrayLike<number>, (index) => {
    const value = dictionary[index];
    if (value === undefined)
      throw new EncodingFault(`entry ${index} of a dictionary of ${dictionary.length}`);
    return value;
  });
}

function rowsOf(
  column: ParquetColumn,
  count: number,
  levels: readonly number[] | undefined,
  values: ArrayLike<ParquetValue>,
): readonly ParquetValue[] {
  const rows: ParquetValue[] = [];
  let next = 0;
  for (let i = 0; i < count; i++) {
    const isThere = levels === undefined || levels.length === 0 || levels[i] === column.maxDefinition;
    const value = isThere ? values[next++] : null;
    if (value === undefined) throw new EncodingFault(`${next - 1} values for ${count} rows`);
    rows.push(value);
  }
  return rows;
}

function decoderOf(column: ParquetColumn): Decoder {
  const { element } = column.schemaPath[column.schemaPath.length - 1] as Decoder["schemaPath"][number];
  return {
    pathInSchema: [...column.path],
    type: column.type,
    element,
    schemaPath: column.schemaPath,
    codec: "UNCOMPRESSED", // pages are unpacked before
    parsers: {} as Decoder["parsers"], // and their values are taken as they are
  };
}

interface Window {
  readonly end: number;
  /** @returns `length` bytes from `at` on, which goes only forwards. */
  view(at: number, length: number, ahead: number): Promise<Uint8Array<ArrayBuffer>>;
}

/** Reads on from where it is, `ahead` bytes at least. */
function openWindow(source: ByteSource, start: number, end: number): Window {
  let held = new Uint8Array(0);
  let heldFrom = start;
  return {
    end,
    async view(at, length, ahead) {
      if (length < 0 || at + length > end) throw new EncodingFault("a page is cut off");
      if (at + length > heldFrom + held.length) {
        const kept = held.subarray(Math.min(held.length, at - heldFrom));
        const from = at + kept.length;
        const to = Math.min(end, Math.max(at + length, from + ahead));
        const grown = new Uint8Array(kept.length + (to - from));
        grown.set(kept);
        for (let next = from; next < to; next += mostRead)
          grown.set(await source.read(next, Math.min(to, next + mostRead)), kept.length + (next - from));
        held = grown;
        heldFrom = at;
      }
      return held.subarray(at - heldFrom, at - heldFrom + length);
    },
  };
}

function outOfReach(file: ParquetFile, column: ParquetColumn, chunk: ColumnChunk): AppError {
  const name = quote(column.path.join("."));
  return chunk.outOfReach === "encrypted"
    ? new AppError("file-unsupported", `The column ${name} of ${quote(file.name)} is encrypted.`, {
        hint: "Write the file without encryption.",
      })
    : new AppError("file-unsupported", `The column ${name} of ${quote(file.name)} lies in another file.`, {
        hint: "Write one file that holds its columns itself.",
      });
}
