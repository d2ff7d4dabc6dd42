/** Whatever the visitor gives (a drop, a chosen folder, chosen files, a paste) as a flat list of files with paths. */
import type { Reject } from "../../contract/dataset.ts";
import { yieldToMessages } from "../../lib/yieldToMessages.ts";
import { hiddenFolder, hiddenPartOf, isJunkPath } from "./imagePaths.ts";

const openedAtOnce = 8;

export interface CollectedFile {
  /** Within what was given, forward slashes. */
  readonly path: string;
  readonly file: File;
}

export interface Collected {
  /** Of the one folder or file given, or how many there are. */
  readonly name: string;
  readonly files: readonly CollectedFile[];
  /** Files and folders that could not be opened. */
  readonly rejects: readonly Reject[];
}

/** Of an `<input type="file">`, with or without `webkitdirectory`, or of a paste. */
export function collectFromList(list: Iterable<File>): Collected {
  const files = [...list].map((file) => ({ file, path: file.webkitRelativePath || file.name }));
  return { ...withName(files), rejects: [] };
}

/**
 * Of a drop, sub-folders included.
 *
 * The browser empties `transfer` when the event's handler returns, so call this within it, not after an `await`.
 */
export function collectFromDrop(transfer: DataTransfer): Promise<Collected> {
  const items = [...transfer.items].filter((item) => item.kind === "file");
  const entries = items.map((item) => item.webkitGetAsEntry());
  const plain = items.flatMap((item, i) => (entries[i] === null ? [item.getAsFile()] : []));
  return collectEntries(
    entries.filter((entry) => entry !== null),
    plain.filter((file) => file !== null),
  );
}

async function collectEntries(
  entries: readonly FileSystemEntry[],
  plain: readonly File[],
): Promise<Collected> {
  const files: CollectedFile[] = plain.map((file) => ({ file, path: file.name }));
  const rejects: Reject[] = [];
  const walk = async (entry: FileSystemEntry): Promise<void> => {
    const path = entry.fullPath.replace(/^\/+/, "");
    if (isJunkPath(path)) return;
    if (entry.isDirectory && hiddenPartOf(path) !== null) {
      rejects.push(hiddenFolder(path, null));
      return;
    }
    try {
      if (isFileEntry(entry)) {
        files.push({ path, file: await new Promise<File>((resolve, reject) => entry.file(resolve, reject)) });
      } else if (isDirectoryEntry(entry)) {
        const children = await readDirectory(entry);
        for (let i = 0; i < children.length; i += openedAtOnce) {
          await Promise.all(children.slice(i, i + openedAtOnce).map(walk));
          await yieldToMessages(); // Chromium opens files in this very task: 10 000 of them took 2 s
        }
      }
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      rejects.push({ path, reason: "unreadable", message: `could not be opened: ${why}` });
    }
  };
  for (const entry of entries) await walk(entry);
  // Empty folders have no files to be named by.
  if (files.length === 0) return { name: entries.map(({ name }) => name).join(", "), files, rejects };
  return { ...withName(files), rejects };
}

/** A directory is handed out in pieces (of 100 in Chromium), until an empty one. */
async function readDirectory(directory: FileSystemDirectoryEntry): Promise<FileSystemEntry[]> {
  const reader = directory.createReader();
  const children: FileSystemEntry[] = [];
  for (;;) {
    const piece = await new Promise<FileSystemEntry[]>((resolve, reject) =>
      reader.readEntries(resolve, reject),
    );
    if (piece.length === 0) return children;
    for (const child of piece) children.push(child);
  }
}

function isFileEntry(entry: FileSystemEntry): entry is FileSystemFileEntry {
  return entry.isFile;
}

function isDirectoryEntry(entry: FileSystemEntry): entry is FileSystemDirectoryEntry {
  return entry.isDirectory;
}

function withName(files: readonly CollectedFile[]): Pick<Collected, "name" | "files"> {
  const roots = new Set(files.map(({ path }) => path.split("/")[0] as string));
  const [root] = roots;
  const name =
    roots.size === 1 && root !== undefined ? root.replace(/\.(zip|cbz)$/i, "") : `${files.length} files`;
  return { name, files };
}
