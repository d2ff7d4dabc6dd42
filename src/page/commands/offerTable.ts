/** Tables of images: looked into when asked to, shown, and read by another click. */
import type { DatasetFile, DatasetFiles, DatasetSplit } from "../../contract/download.ts";
import { AppError, toWire } from "../../contract/errors.ts";
import type { ParquetChoice } from "../../contract/parquet.ts";
import {
  formatTableAddress,
  mostTableImages,
  parseTableAddress,
  type TableAddress,
} from "../../contract/tableAddress.ts";
import { fileNameOf } from "../../contract/webAddress.ts";
import { quote } from "../../formats/quote.ts";
import { downloads } from "../download/downloadClient.ts";
import type { CollectedFile } from "../ingest/collectFiles.ts";
import type { ImageTable } from "../ingest/ingestImages.ts";
import { isParquetPath } from "../ingest/parquetPath.ts";
import { openParquetReader, type ParquetReader, type ParquetSource } from "../ingest/parquetReader.ts";
import { tableStore, type TableState } from "../stores/tableStore.ts";

const defaultTableImages = 2000;
/** Of a split of more files so many are looked into, evenly spread; each has some thousand images. */
const mostFiles = 32;

/** Of a table that may be about images rather than of them. */
const rowsLookedAt = 8;
/** Files that are named as left out; of further ones the number is told. */
const mostLeftOut = 5;

/** What belongs to the offer and is no plain data. */
interface Open {
  /** null for files of this machine. */
  readonly address: TableAddress | null;
  readonly splits: readonly DatasetSplit[];
  reader: ParquetReader | null;
}

let open: Open | null = null;
let going: AbortController | null = null;

function begin(): AbortSignal {
  going?.abort();
  going = new AbortController();
  return going.signal;
}

/**
 * Looks into the data set or parquet file of an address: which parts it has, and what the footers of the first tell.
 * What is found, or why nothing is, ends up in `tableStore`.
 */
export async function lookUpTable(text: string): Promise<void> {
  const signal = begin();
  await told(signal, async () => {
    const address = parseTableAddress(text, location.origin);
    if (address === null)
      throw new AppError("config-invalid", "This is neither a data set nor a parquet file.", {
        hint: "Give owner/name of a data set on Hugging Face, the address of its page, or one that ends in .parquet.",
      });
    const { place } = address;
    if ("file" in place) {
      tableStore.setState({ table: { phase: "asking", name: fileNameOf(new URL(place.file)) } });
      const bytes = await downloads.request("sizeOf", { address: place.file }, { signal });
      const file = { name: fileNameOf(new URL(place.file)), address: place.file, bytes };
      open = { address, splits: [{ config: "default", split: "", files: [file] }], reader: null };
    } else {
      tableStore.setState({ table: { phase: "asking", name: place.name } });
      const found = await downloads.request("datasetFiles", { dataset: place }, { signal });
      open = { address, splits: found.splits, reader: null };
    }
    await openSplit(likelySplit(open.splits, address), signal);
  });
}

/** Another part of the data set that was looked up. */
export async function chooseSplit(index: number): Promise<void> {
  if (open === null) return;
  const signal = begin();
  await told(signal, () => openSplit(index, signal));
}

/** Parquet files of this machine, as one data set. */
export async function offerTableFiles(name: string, files: readonly CollectedFile[]): Promise<void> {
  const signal = begin();
  const tables = files.filter(({ path }) => isParquetPath(path)).sort((a, b) => (a.path < b.path ? -1 : 1));
  open = { address: null, splits: [], reader: null };
  const left = files.length - tables.length;
  await told(signal, async () => {
    tableStore.setState({ table: { phase: "asking", name } });
    const sources = tables.map(({ path, file }) => ({ name: path, file }));
    const notes = left === 0 ? [] : [`${left} other files are left out: the parquet files are the images.`];
    await openSources(name, null, sources, signal, { splits: [], split: 0, notes });
  });
}

/** Why none of these parquet files holds images; null where one does. */
export async function whyNoTable(
  files: readonly CollectedFile[],
  signal: AbortSignal,
): Promise<string | null> {
  const sources = files.map(({ path, file }) => ({ name: path, file }));
  const { fileKindOf } = await import("../../formats/fileKind.ts"); // large, and seldom needed
  try {
    const reader = await openParquetReader(sources, createParquetWorker, signal);
    try {
      const { offer } = reader;
      const { rows } = await reader.read(
        { imageColumn: offer.choice.imageColumn, labelColumn: null },
        rowsLookedAt,
      );
      for await (const { bytes } of rows)
        if (bytes !== null && fileKindOf(bytes, "").kind === "image") return null;
      return `Its column ${quote(offer.choice.imageColumn)} holds no images.`;
    } finally {
      reader.close();
    }
  } catch (error) {
    if (!(error instanceof AppError) || !error.code.startsWith("file-")) throw error;
    return error.message;
  }
}

/** Whether somebody means a table: a data set or a parquet file. What is no address at all names none. */
export function namesTable(text: string): boolean {
  try {
    return parseTableAddress(text, location.origin) !== null;
  } catch {
    return false;
  }
}

/** Another column, or another number of images. */
export function changeTableChoice(change: Partial<ParquetChoice & { readonly most: number }>): void {
  const { table } = tableStore.getState();
  if (table.phase !== "offered" || table.choice === null) return;
  const { most = table.most, ...columns } = change;
  const bounded = Math.max(1, Math.min(mostTableImages, Math.round(most)));
  tableStore.setState({ table: { ...table, choice: { ...table.choice, ...columns }, most: bounded } });
}

/** Ends what is going on, or puts away what was found. */
export function dismissTable(): void {
  going?.abort();
  open = null;
  tableStore.setState({ table: { phase: "idle" } });
}

/** What was offered, as chosen, ready to be read. */
export interface ChosenTable {
  readonly table: ImageTable;
  /** By which others find the same images; null for files of this machine. */
  readonly address: string | null;
  readonly close: () => void;
}

/** @returns null when nothing is offered. @throws AppError what keeps it from being read. */
export async function takeTable(): Promise<ChosenTable | null> {
  const { table } = tableStore.getState();
  if (table.phase !== "offered" || table.choice === null || open === null || open.reader === null)
    return null;
  const { reader, address, splits } = open;
  const { choice, most, name } = table;
  const read = await reader.read(choice, most);
  return {
    table: { name, ...read },
    address: address === null ? null : addressOf(address, splits[table.split], choice, most),
    close: reader.close,
  };
}

function addressOf(
  { place }: TableAddress,
  split: DatasetSplit | undefined,
  choice: ParquetChoice,
  images: number,
): string {
  return formatTableAddress({
    place:
      "file" in place || split === undefined ? place : { ...place, config: split.config, split: split.split },
    images,
    imageColumn: choice.imageColumn,
    labelColumn: choice.labelColumn ?? "",
  });
}

/** Runs what ends in an offer, and shows why it does not. */
async function told(signal: AbortSignal, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!signal.aborted) tableStore.setState({ table: { phase: "failed", error: toWire(error) } });
  }
}

async function openSplit(index: number, signal: AbortSignal): Promise<void> {
  if (open === null) return;
  const { address, splits } = open;
  const split = splits[index];
  if (split === undefined || address === null) return;
  const { place } = address;
  const isFile = "file" in place;
  const name = isFile ? (split.files[0]?.name ?? "") : `${place.name}, ${partName(split, splits)}`;
  const host = new URL(isFile ? place.file : place.origin).host;
  const files = evenlySpread(split.files, mostFiles);
  const notes =
    files.length === split.files.length
      ? []
      : [`Of its ${split.files.length} files ${files.length} are looked into, evenly spread.`];
  const facts = splits.map((one) => ({
    name: partName(one, splits),
    files: one.files.length,
    bytes: one.files.reduce((sum, { bytes }) => sum + bytes, 0),
  }));
  await openSources(
    name,
    host,
    files.map((file) => remoteSource(file, signal)),
    signal,
    {
      splits: isFile ? [] : facts,
      split: index,
      notes,
    },
  );
}

function createParquetWorker(): Worker {
  return new Worker(new URL("../../worker/decode/parquetWorker.ts", import.meta.url), {
    type: "module",
    name: "parquet",
  });
}

type OfferedTable = Extract<TableState, { phase: "offered" }>;

async function openSources(
  name: string,
  host: string | null,
  sources: readonly ParquetSource[],
  signal: AbortSignal,
  more: Pick<OfferedTable, "splits" | "split" | "notes">,
): Promise<void> {
  const asked = open;
  if (asked === null) return;
  asked.reader?.close();
  asked.reader = null;
  const most = asked.address?.images ?? defaultTableImages;
  const table = { phase: "offered", name, host, offer: null, choice: null, most, ...more } as const;
  tableStore.setState({ table });
  const reader = await openParquetReader(sources, createParquetWorker, signal);
  if (signal.aborted) return;
  asked.reader = reader;
  const { offer } = reader;
  const left = offer.leftOut.map(({ name: file, why }) => `${quote(file)} is left out: ${why}`);
  const notes =
    left.length <= mostLeftOut
      ? left
      : [...left.slice(0, mostLeftOut), `… and ${left.length - mostLeftOut} more.`];
  tableStore.setState({
    table: { ...table, notes: [...table.notes, ...notes], offer, choice: wantedChoice(offer, asked.address) },
  });
}

/** The columns the address names, where there are such. */
function wantedChoice(offer: ParquetReader["offer"], address: TableAddress | null): ParquetChoice {
  const { imageColumn, labelColumn } = address ?? {};
  const { imageColumns, labelColumns, choice } = offer;
  return {
    imageColumn: imageColumns.find((column) => column === imageColumn) ?? choice.imageColumn,
    labelColumn:
      labelColumn === ""
        ? null
        : (labelColumns.find((column) => column.name === labelColumn)?.name ?? choice.labelColumn),
  };
}

function remoteSource({ name, address, bytes }: DatasetFile, signal: AbortSignal): ParquetSource {
  const remote = downloads.openRemote(address, signal);
  return { name, size: bytes, read: (start, end) => remote.read(start, end) };
}

/** What the address says, else the part that trains: of the subset "default", or the first. */
function likelySplit(splits: DatasetFiles["splits"], { place }: TableAddress): number {
  if ("file" in place) return 0;
  const { config, split } = place;
  const rank = (one: DatasetSplit): number =>
    (config !== null && one.config === config ? 0 : 8) +
    (split !== null && one.split === split ? 0 : 4) +
    (one.config === "default" ? 0 : 2) +
    (/^(partial-)?train$/.test(one.split) ? 0 : 1);
  const ranks = splits.map(rank);
  return ranks.indexOf(Math.min(...ranks));
}

function partName({ config, split }: DatasetSplit, splits: readonly DatasetSplit[]): string {
  return new Set(splits.map((one) => one.config)).size === 1 ? split : `${config} / ${split}`;
}

function evenlySpread<T>(items: readonly T[], most: number): readonly T[] {
  if (items.length <= most) return items;
  return Array.from({ length: most }, (_, i) => items[Math.floor((i * items.length) / most)] as T);
}
