import { AppError } from "../../contract/errors.ts";
import type { ParquetChoice, ParquetOffer } from "../../contract/parquet.ts";
import { quote } from "../quote.ts";
import { parseStrictJson, type StrictJson } from "../strictJson.ts";
import type { ParquetColumn, ParquetFile } from "./parquetFile.ts";

/** Which of a file's columns hold images, and which may be what they show. */
interface ImageColumns {
  readonly images: readonly ImageColumn[];
  readonly labels: readonly LabelColumn[];
}

export interface ImageColumn {
  /** Of the column as a person sees it: of the struct, where it is one. */
  readonly name: string;
  readonly index: number;
}

export interface LabelColumn {
  readonly name: string;
  readonly index: number;
  /** Of a Hugging Face `ClassLabel`: the class of each number. */
  readonly classNames: readonly string[] | null;
}

const imageNames = ["image", "img", "images", "picture", "photo", "jpg", "jpeg", "png", "webp", "bytes"];
const labelNames = ["label", "labels", "class", "category", "target", "fine_label", "cls", "y"];
const mostClassNames = 100_000;
/** Columns with a longer one are passed over: a footer may be all name. */
const longestName = 1000;

/**
 * Finds images by what the datasets library writes (a struct `{bytes, path}`, named "Image" in the footer) and by
 * type: any column of bytes that is not text. Labels are numbers, truth values and text. The likeliest come first.
 */
function findImageColumns(file: ParquetFile): ImageColumns {
  const features = huggingFaceFeatures(file);
  const images: { column: ImageColumn; rank: number }[] = [];
  const labels: { column: LabelColumn; rank: number }[] = [];
  file.columns.forEach((column, index) => {
    const [name, inner] = column.path;
    if (name === undefined || name.length > longestName || column.isList || column.path.length > 2) return;
    const feature = features.get(name);
    const kind = feature === undefined ? null : textAt(feature, "_type");
    if (column.type === "BYTE_ARRAY" && !column.isText && (inner === undefined || inner === "bytes")) {
      const declared = kind === "Image" ? 0 : inner === "bytes" ? 1 : 2;
      images.push({ column: { name, index }, rank: 100 * declared + rankIn(imageNames, name) });
    } else if (inner === undefined && isLabelType(column)) {
      const classNames = kind === "ClassLabel" && feature !== undefined ? namesOf(feature) : null;
      const rank = (classNames === null ? 100 : 0) + rankIn(labelNames, name);
      labels.push({ column: { name, index, classNames }, rank });
    }
  });
  const byRank = (a: { rank: number }, b: { rank: number }): number => a.rank - b.rank;
  return {
    images: images.sort(byRank).map(({ column }) => column),
    labels: labels.sort(byRank).map(({ column }) => column),
  };
}

/** More columns than a person would look through are cut: a file may have a million. */
const mostOffered = 200;

/**
 * The files that are one data set: the first with images, and whichever have the same column of them. Others, such
 * as tables about the data set, are left out.
 *
 * @throws AppError "file-unsupported" when no column of any holds images.
 */
export function filesWithImages(files: readonly ParquetFile[]): {
  readonly used: readonly ParquetFile[];
  readonly leftOut: ParquetOffer["leftOut"];
} {
  const imagesOf = new Map(files.map((file) => [file, findImageColumns(file).images]));
  const wanted = files.map((file) => imagesOf.get(file)?.[0]?.name).find((name) => name !== undefined);
  if (wanted === undefined) throw noImages(files);
  const has = (file: ParquetFile): boolean =>
    imagesOf.get(file)?.some(({ name }) => name === wanted) ?? false;
  const why = `it has no column ${quote(wanted)} of images.`;
  return {
    used: files.filter(has),
    leftOut: files.filter((file) => !has(file)).map(({ name }) => ({ name, why })),
  };
}

/**
 * What the files of one data set have to offer. They must have the same columns; those of the first are shown.
 *
 * @throws AppError "file-unsupported" when no column of any holds images.
 */
export function offerOf(all: readonly ParquetFile[]): ParquetOffer {
  const { used: files, leftOut } = filesWithImages(all);
  const { images, labels } = findImageColumns(files[0] as ParquetFile);
  const [label] = labels;
  const isLikely =
    label !== undefined && (label.classNames !== null || labelNames.includes(label.name.toLowerCase()));
  return {
    files: files.length,
    rows: files.reduce((sum, file) => sum + file.rows, 0),
    bytes: files.reduce((sum, file) => sum + file.source.size, 0),
    imageColumns: images.slice(0, mostOffered).map(({ name }) => name),
    labelColumns: labels
      .slice(0, mostOffered)
      .map(({ name, classNames }) => ({ name, classes: classNames?.length ?? null })),
    leftOut,
    choice: {
      imageColumn: (images[0] as ImageColumn).name,
      labelColumn: isLikely ? label.name : null,
    },
  };
}

function noImages(files: readonly ParquetFile[]): AppError {
  const [first] = files;
  if (first === undefined) return new AppError("file-unreadable", "There is no parquet file.");
  const which =
    files.length === 1 ? `${quote(first.name)} has no` : `None of the ${files.length} parquet files has a`;
  return new AppError("file-unsupported", `${which} column of images.`, {
    hint: "Images must be in the file, as bytes of JPEG, PNG or the like: as the datasets library writes them.",
    details: describeColumns(first),
  });
}

/** @throws AppError "file-unsupported" when a file of several lacks a column that the others have. */
export function chosenColumns(
  file: ParquetFile,
  { imageColumn, labelColumn }: ParquetChoice,
): { readonly image: ImageColumn; readonly label: LabelColumn | null } {
  const { images, labels } = findImageColumns(file);
  const image = images.find(({ name }) => name === imageColumn);
  if (image === undefined) throw missing(file, imageColumn, "images");
  const label = labelColumn === null ? null : labels.find(({ name }) => name === labelColumn);
  if (label === undefined) throw missing(file, labelColumn ?? "", "labels");
  return { image, label };
}

/** Some of them, and no more of a name than a person reads. */
function describeColumns({ columns }: ParquetFile): string[] {
  return columns.slice(0, 30).map(({ path, type }) => `${path.join(".").slice(0, 100)}: ${type}`);
}

function missing(file: ParquetFile, column: string, what: string): AppError {
  return new AppError("file-unsupported", `${quote(file.name)} has no column ${quote(column)} of ${what}.`, {
    hint: "Give only files of one data set, whose columns are the same.",
    details: describeColumns(file),
  });
}

function isLabelType({ type, isText }: ParquetColumn): boolean {
  return type === "INT32" || type === "INT64" || type === "BOOLEAN" || (type === "BYTE_ARRAY" && isText);
}

function rankIn(names: readonly string[], name: string): number {
  const index = names.indexOf(name.toLowerCase());
  return index < 0 ? names.length : index;
}

/** What the datasets library notes of each column; nothing where it did not write the file, or wrote nonsense. */
function huggingFaceFeatures(file: ParquetFile): ReadonlyMap<string, StrictJson> {
  const none = new Map<string, StrictJson>();
  const text = file.keyValues.get("huggingface");
  if (text === undefined) return none;
  try {
    const features = at(at(parseStrictJson(text), "info"), "features");
    return features instanceof Map ? (features as ReadonlyMap<string, StrictJson>) : none;
  } catch {
    return none; // the columns' types say enough
  }
}

function at(value: StrictJson | undefined, key: string): StrictJson | undefined {
  return value instanceof Map ? (value as ReadonlyMap<string, StrictJson>).get(key) : undefined;
}

function textAt(value: StrictJson, key: string): string | null {
  const text = at(value, key);
  return typeof text === "string" ? text : null;
}

function namesOf(feature: StrictJson): readonly string[] | null {
  const names = at(feature, "names");
  if (!Array.isArray(names) || names.length > mostClassNames) return null;
  return names.every((name): name is string => typeof name === "string") ? names : null;
}
