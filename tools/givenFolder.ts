/**
 * A folder given on the command line, as a browser can take it. Browsers pass over links in silence (whole folders
 * of a data set vanish, or the browser waits for files that never come), so links are followed here.
 */
import {
  constants,
  copyFileSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  statSync,
  type Dirent,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, isAbsolute, join, relative, sep } from "node:path";

/** Well above the number of images that the page takes, and below what makes a browser stumble. */
export const mostFiles = 400_000;
/** What may be copied where files cannot be linked: of another disk, or of another person. */
const mostCopiedBytes = 8e9;

export interface GivenFolder {
  /** Real folders and files only. */
  readonly path: string;
  /** What was left out, and why. */
  readonly notes: readonly string[];
  /** Removes what was made for it. */
  readonly remove: () => void;
}

/** The folder cannot be given to the browser; the message says why. */
export class FolderError extends Error {
  override readonly name = "FolderError";
}

interface Found {
  /** Paths within the folder, each after the one that it lies in. */
  readonly folders: readonly string[];
  /** Path within the folder → where the file really is. */
  readonly files: ReadonlyMap<string, string>;
  readonly notes: readonly string[];
  /** Whether a browser would see the same by itself. */
  readonly isPlain: boolean;
}

/**
 * Follows all links. A folder without any is given as it is; of another a tree of hard links to the same files is
 * made in the system's folder for temporary files.
 *
 * @throws FolderError when it holds too much, or nothing.
 */
export function openGivenFolder(path: string, limit = mostFiles): GivenFolder {
  const real = realpathSync(path);
  const found = walk(real, limit);
  if (found.files.size === 0) throw new FolderError("it holds no files, nor do the folders in it");
  if (found.isPlain) return { path: real, notes: found.notes, remove: () => undefined };
  const parent = mkdtempSync(join(tmpdir(), "disco-data-"));
  const remove = (): void => rmSync(parent, { recursive: true, force: true });
  try {
    return { path: mirror(found, join(parent, basename(path))), notes: found.notes, remove };
  } catch (error) {
    remove();
    throw error;
  }
}

function walk(root: string, limit: number): Found {
  const folders: string[] = [];
  const files = new Map<string, string>();
  const notes: string[] = [];
  let isPlain = true;
  let seen = 0;

  const add = (entry: Dirent, within: string, realPath: string, above: readonly string[]): void => {
    if (entry.isDirectory()) {
      folders.push(within);
      visit(realPath, within, [...above, realPath]);
    } else if (entry.isFile()) {
      files.set(within, realPath);
    } else {
      isPlain = false;
      if (entry.isSymbolicLink()) follow(within, realPath, above);
      else notes.push(`${within}: neither a file nor a folder, left out`);
    }
  };

  const follow = (within: string, link: string, above: readonly string[]): void => {
    const target = targetOf(link);
    if (target === null) {
      notes.push(`${within}: a link that leads nowhere, left out`);
    } else if (target.kind === "other") {
      notes.push(`${within}: a link to neither a file nor a folder, left out`);
    } else if (target.kind === "file") {
      files.set(within, target.realPath);
    } else if (above.some((folder) => liesIn(folder, target.realPath))) {
      notes.push(`${within}: a link to a folder that it lies in, left out`);
    } else {
      folders.push(within);
      visit(target.realPath, within, [...above, target.realPath]);
    }
  };

  /** @param above the real paths of the folders that this one lies in, its own included. */
  const visit = (folder: string, within: string, above: readonly string[]): void => {
    for (const entry of entriesOf(folder, within, notes)) {
      if (++seen > limit)
        throw new FolderError(
          `it holds more than ${limit.toLocaleString("en")} files: give a smaller folder, or a part of this one`,
        );
      add(entry, join(within, entry.name), join(folder, entry.name), above);
    }
  };

  visit(root, "", [root]);
  return { folders, files, notes, isPlain };
}

function entriesOf(folder: string, within: string, notes: string[]): readonly Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? String(error);
    notes.push(`${within === "" ? folder : within}: cannot be read (${reason}), left out`);
    return [];
  }
}

/** Where a link leads in the end; null for nowhere, or round in a circle. */
function targetOf(link: string): { realPath: string; kind: "file" | "folder" | "other" } | null {
  try {
    const realPath = realpathSync(link);
    const stats = statSync(realPath);
    return { realPath, kind: stats.isDirectory() ? "folder" : stats.isFile() ? "file" : "other" };
  } catch {
    return null;
  }
}

function liesIn(folder: string, outer: string): boolean {
  const way = relative(outer, folder);
  return way === "" || !(way === ".." || way.startsWith(`..${sep}`) || isAbsolute(way));
}

/** @returns `root`. */
function mirror({ folders, files }: Found, root: string): string {
  mkdirSync(root);
  for (const folder of folders) mkdirSync(join(root, folder));
  let copied = 0;
  for (const [within, realPath] of files) {
    const path = join(root, within);
    if (isLinked(realPath, path)) continue;
    copied += statSync(realPath).size;
    if (copied > mostCopiedBytes)
      throw new FolderError(
        `its links lead to more than ${mostCopiedBytes / 1e9} GB on another disk: give the folder they lead to`,
      );
    copyFileSync(realPath, path, constants.COPYFILE_FICLONE);
  }
  return root;
}

/** @returns false where hard links are not possible: to another disk, to another person's files. */
function isLinked(file: string, path: string): boolean {
  try {
    linkSync(file, path);
    return true;
  } catch {
    return false;
  }
}
