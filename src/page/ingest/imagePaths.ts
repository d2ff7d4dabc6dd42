/** What the paths of the dropped files say: which are no one's pictures, in what order, of which class. */

/** What file systems and archivers leave behind: skipped without a word. */
export function isJunkPath(path: string): boolean {
  return path.split("/").some((part) => {
    const name = part.toLowerCase();
    return name === "__macosx" || name.startsWith(".") || name === "thumbs.db" || name === "desktop.ini";
  });
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
export function pathSortKey(path: string): string {
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

/** Folders that divide a set by use rather than by what is shown; the classes are inside each. */
const partNames: ReadonlySet<string> = new Set([
  "train",
  "training",
  "val",
  "valid",
  "validation",
  "test",
  "testing",
]);

/**
 * The class that each folder stands for: its first-level sub-folder, once the folders that wrap everything are
 * taken off. Where the first level is train/val/test, the next level counts.
 *
 * @returns one label for each folder given, "" for none.
 */
export function labelFolders(folders: readonly Folder[]): string[] {
  const used = folders.filter((folder) => folder.images > 0);
  const wrapping = commonLength(used.map((folder) => segments(folder.path)));
  const firstLevel = used
    .map((folder) => segments(folder.path)[wrapping])
    .filter((name) => name !== undefined);
  const divided = firstLevel.length > 0 && firstLevel.every((name) => partNames.has(name.toLowerCase()));
  const labels = folders.map((folder) => segments(folder.path)[divided ? wrapping + 1 : wrapping] ?? "");

  return labelsThatCount(labels.map((label, i) => ({ label, images: (folders[i] as Folder).images })));
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

function segments(path: string): string[] {
  return path === "" ? [] : path.split("/");
}

/** How many leading segments all paths share. */
function commonLength(paths: readonly (readonly string[])[]): number {
  const [first, ...rest] = paths;
  if (first === undefined) return 0;
  let length = first.length;
  for (const other of rest) {
    let same = 0;
    while (same < length && same < other.length && other[same] === first[same]) same++;
    length = same;
  }
  return length;
}
