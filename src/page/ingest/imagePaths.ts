/** What the paths of the dropped files say: which are no one's pictures, in what order, of which class. */
import type { Reject } from "../../contract/dataset.ts";
import { visibleText } from "../../lib/visibleText.ts";

/** What file systems and archivers leave behind: skipped without a word. */
export function isJunkPath(path: string): boolean {
  return path.split("/").some((part) => /^(__macosx|thumbs\.db|desktop\.ini|\.ds_store|\._.*)$/i.test(part));
}

/**
 * The hidden folder or file that a path goes through, by its own path; null where there is none. What was given by
 * its name, as the first part of a path, is not hidden: whoever named it wants it read.
 */
export function hiddenPartOf(path: string): string | null {
  const parts = path.split("/");
  const hidden = parts.findIndex((part, i) => i > 0 && part.startsWith("."));
  return hidden < 0 ? null : parts.slice(0, hidden + 1).join("/");
}

/** @param files in it; null where nobody looked. */
export function hiddenFolder(path: string, files: number | null): Reject {
  const held = files === null ? "" : ` with ${files} ${files === 1 ? "file" : "files"}`;
  return {
    path,
    reason: "hidden",
    message: `a hidden folder${held}: give it by itself to have it read, or rename it`,
  };
}

export function hasImageName(name: string): boolean {
  return /\.(jpe?g|jfif|png|webp|gif|bmp|avif|hei[cf]|tiff?)$/i.test(name);
}

/** "" for a file that is in no folder. */
export function folderOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf("/")));
}

/**
 * A string by whose code units paths sort as a person would have them: folder by folder, "img2" before "img10".
 * No language's rules are used, since those differ from machine to machine and the order decides the set's
 * fingerprint. Made once a path, it sorts 100 000 of them quickly.
 */
function pathSortKey(path: string): string {
  const natural = path.replaceAll("/", "\u0000").replace(/\d+/g, (run) => {
    const digits = run.replace(/^0+(?=\d)/, "");
    return `0${String.fromCharCode(digits.length)}${digits}`; // longer numbers are larger
  });
  return `${natural}\u0000\u0000${path}`; // "1" and "01" tie: told apart by the path itself
}

export function sortByPath<T extends { readonly path: string }>(items: readonly T[]): T[] {
  return items
    .map((item) => ({ item, key: pathSortKey(item.path) }))
    .sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
    .map(({ item }) => item);
}

export interface Folder {
  readonly path: string;
  /** Usable images directly in it. */
  readonly images: number;
}

const leastImagesOfLabel = 2;
/** Of a label. Zips may name folders with 65 000 characters. */
const longestLabel = 200;

/** What labels are read from, where a set leaves it open. */
export type LabelLevelName = "outer" | "inner" | "archives";

/** Labels that a set could have. */
export interface LabelLevel {
  readonly name: LabelLevelName;
  /** How many; 0 for none. */
  readonly count: number;
  /** Some of them, as they may be shown. */
  readonly examples: readonly string[];
}

export interface LabelReading {
  /** One for each folder given, "" for none. */
  readonly labels: readonly string[];
  /** Where the set leaves it open what its labels are: the possibilities. Empty where it does not. */
  readonly levels: readonly LabelLevel[];
  /** What a visitor should know of it, in sentences. */
  readonly notes: readonly string[];
}

interface LabelOptions {
  /** Paths that are archives: these wrap their folders as a folder would, but are no labels. */
  readonly archives?: ReadonlySet<string>;
  /** What the visitor chose, where there is a choice. */
  readonly level?: LabelLevelName;
}

/**
 * The class that each folder stands for: its first-level sub-folder, once what wraps everything is taken off, and
 * what divides the set by use (train, test, …). Where each of these classes holds the same sub-folders, it may be
 * the next level that is meant; then both are told.
 *
 * Names are compared in NFC, without spaces around them: file systems and archivers differ in both.
 */
export function labelFolders(
  folders: readonly Folder[],
  { archives = new Set(), level = "outer" }: LabelOptions = {},
): LabelReading {
  const places = folders.map(({ path, images }): Place => ({ ...partsOf(path, archives), images, at: 0 }));
  while (stepInside(places)) continue;

  const countable = (labels: readonly string[]): string[] =>
    labelsThatCount(labels.map((label, i) => ({ label, images: (folders[i] as Folder).images })));
  const outer = countable(places.map((place) => nameAt(place, place.at)));
  if (outer.every((label) => label === "")) {
    const byArchive = countable(places.map(({ archive }) => archive));
    if (byArchive.every((label) => label === "") || byArchive.every((name) => name === "" || isPart(name)))
      return { labels: outer, levels: [], notes: [] };
    const levels = [describeLevel("outer", outer), describeLevel("archives", byArchive)];
    if (level === "archives") return { labels: byArchive, levels, notes: [] };
    const note =
      `The images come from ${String(levels[1]?.count)} archives and lie in no folders of their own, ` +
      "so they have no labels; each archive can be made one under “Data”.";
    return { labels: outer, levels, notes: [note] };
  }
  const inner = innerLabels(places, outer, countable);
  if (inner === null) return { labels: outer, levels: [], notes: noteSpellings(places, outer, 0) };
  const levels = [describeLevel("outer", outer), describeLevel("inner", inner)];
  if (level === "inner") return { labels: inner, levels, notes: noteSpellings(places, inner, 1) };
  const note =
    `Each of the ${String(levels[0]?.count)} labels (${listOf(levels[0])}) holds the same sub-folders (${listOf(levels[1])}). ` +
    "If those are the labels, choose the other level of folders under “Data”, or give one of the outer folders alone.";
  return { labels: outer, levels, notes: [note, ...noteSpellings(places, outer, 0)] };
}

/** A folder on the way from the root of the set to its label. */
interface Place {
  /** The folders it is in, and itself, archives left out. */
  readonly names: readonly string[];
  /** The same as they are written. */
  readonly written: readonly string[];
  /** The outermost archive it is in, without its extension; "" for none. */
  readonly archive: string;
  readonly images: number;
  /** How many of `names` are behind us; Infinity when it has turned out to be outside of all labels. */
  at: number;
}

function nameAt({ names }: Place, index: number): string {
  return names[index] ?? "";
}

/**
 * Goes one level down where this one tells nothing: only one folder has images to speak of (whatever lies beside it),
 * or all are parts of the set.
 *
 * @returns whether it did.
 */
function stepInside(places: readonly Place[]): boolean {
  const children = new Map<string, number>();
  for (const place of places) {
    const name = nameAt(place, place.at);
    if (name !== "") children.set(name, (children.get(name) ?? 0) + place.images);
  }
  const counting = [...children.keys()].filter((name) => (children.get(name) ?? 0) >= leastImagesOfLabel);
  if (counting.length === 0 || (counting.length > 1 && !areParts(counting))) return false;
  const entered = new Set(counting);
  for (const place of places) place.at = entered.has(nameAt(place, place.at)) ? place.at + 1 : Infinity;
  return true;
}

/** The labels one level further in, where every label holds the same ones (nearly); null where it does not. */
function innerLabels(
  places: readonly Place[],
  outer: readonly string[],
  countable: (labels: readonly string[]) => string[],
): string[] | null {
  const inside = new Map<string, Map<string, number>>();
  places.forEach((place, i) => {
    const label = outer[i] as string;
    if (label === "") return;
    const children = inside.get(label) ?? new Map<string, number>();
    inside.set(label, children);
    const name = nameAt(place, place.at + 1);
    if (name !== "") children.set(name, (children.get(name) ?? 0) + place.images);
  });
  const inHowMany = new Map<string, number>();
  for (const children of inside.values())
    for (const [name, images] of children)
      if (images >= leastImagesOfLabel) inHowMany.set(name, (inHowMany.get(name) ?? 0) + 1);
  const shared = [...inHowMany.keys()].filter((name) => inHowMany.get(name) === inside.size);
  if (shared.length < 2 || shared.length < leastShared * inHowMany.size || shared.every(isPart)) return null;
  return countable(places.map((place, i) => (outer[i] === "" ? "" : nameAt(place, place.at + 1))));
}

/** Share of the sub-folders that all labels have in common for these to be "the same". */
const leastShared = 0.8;

/** Says where folders became one label whose names only look the same. @param depth below where labels begin. */
function noteSpellings(places: readonly Place[], labels: readonly string[], depth: number): string[] {
  const spellings = new Map<string, Set<string>>();
  places.forEach(({ written, at }, i) => {
    const label = labels[i] as string;
    const spelling = written[at + depth];
    if (label === "" || spelling === undefined) return;
    spellings.set(label, (spellings.get(label) ?? new Set()).add(spelling));
  });
  const several = [...spellings].filter(([, ways]) => ways.size > 1).map(([label]) => label);
  if (several.length === 0) return [];
  const which = several.length === 1 ? "1 label is" : `${several.length} labels are`;
  return [
    `${which} written in several ways that look alike (Unicode forms, spaces) and taken as one: ${someOf(several)}.`,
  ];
}

const mostExamples = 5;

function describeLevel(name: LabelLevelName, labels: readonly string[]): LabelLevel {
  const different = [...new Set(labels)].filter((label) => label !== "");
  return {
    name,
    count: different.length,
    examples: different.slice(0, mostExamples).map((label) => visibleText(label.slice(0, 40))),
  };
}

function listOf(level: LabelLevel | undefined): string {
  if (level === undefined) return "";
  return level.examples.join(", ") + (level.count > level.examples.length ? ", …" : "");
}

function someOf(names: readonly string[]): string {
  return listOf(describeLevel("outer", names));
}

const partName =
  /(?<!\p{L})(?:(train(?:ing)?(?:val)?)|(val(?:id(?:ation)?)?)|(test(?:ing)?)|(dev)|(eval(?:uation)?)|(unlabell?ed))(?:sets?|data|images?|imgs?|splits?)?(?!\p{L})/u;

/** Which part of a set a folder's name means, and the letters around that; null where it means none. */
function partOf(name: string): { readonly part: number; readonly rest: string } | null {
  const lower = name.replace(/(\p{Ll})(\p{Lu})/gu, "$1 $2").toLowerCase();
  const found = partName.exec(lower);
  if (found === null) return null;
  const groups: readonly (string | undefined)[] = found.slice(1);
  const part = groups.findIndex((group) => group !== undefined);
  return { part, rest: lower.replace(found[0], "").replace(/\P{L}/gu, "") };
}

/** Folders that divide a set by use rather than by what is shown: "train", "my-val", "test2017". */
function isPart(name: string): boolean {
  return partOf(name) !== null;
}

/** Several folders. Steam trains and diesel trains, though, are classes. */
function areParts(names: readonly string[]): boolean {
  const parts = names.map(partOf);
  if (parts.includes(null)) return false;
  const sorts = new Set(parts.map((part) => part?.part));
  const rests = new Set(parts.map((part) => part?.rest));
  return sorts.size > 1 || rests.has("") || rests.size < names.length;
}

/**
 * A label needs at least two images, and there must be two labels; anything else is no label.
 *
 * @param given may name a label several times.
 * @returns one label for each given, "" for none.
 */
export function labelsThatCount(given: readonly { label: string; images: number }[]): string[] {
  const counts = new Map<string, number>();
  for (const { label, images } of given) counts.set(label, (counts.get(label) ?? 0) + images);
  const isLabel = (label: string): boolean => label !== "" && (counts.get(label) ?? 0) >= leastImagesOfLabel;
  const enough = [...counts.keys()].filter(isLabel).length >= 2;
  return given.map(({ label }) => (enough && isLabel(label) ? label : ""));
}

/** The folders of a path, as written and as compared; archives among them are told apart. */
function partsOf(path: string, archives: ReadonlySet<string>): Pick<Place, "names" | "written" | "archive"> {
  const names: string[] = [];
  const written: string[] = [];
  let archive = "";
  let prefix = "";
  for (const part of path === "" ? [] : path.split("/")) {
    prefix = prefix === "" ? part : `${prefix}/${part}`;
    const name = part.normalize("NFC").trim().slice(0, longestLabel);
    if (archives.has(prefix)) {
      if (archive === "") archive = name.replace(/\.(zip|cbz)$/i, "");
    } else if (name !== "") {
      names.push(name);
      written.push(part);
    }
  }
  return { names, written, archive };
}
