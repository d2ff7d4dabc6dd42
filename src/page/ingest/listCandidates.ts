/** Which of the files given may be images: archives are opened, whatever they are called, and the rest is told why not. */
import type { Reject } from "../../contract/dataset.ts";
import type { ImageSource } from "../../contract/decode.ts";
import { AppError } from "../../contract/errors.ts";
import { fileKindOf, kindBytes, zipKindOf, type FileKind } from "../../formats/fileKind.ts";
import type { CollectedFile } from "./collectFiles.ts";
import type { DecodePool } from "./decodePool.ts";
import { folderOf, hasImageName, hiddenFolder, hiddenPartOf, isJunkPath, sortByPath } from "./imagePaths.ts";

export interface Candidate {
  readonly path: string;
  /** Of one class, as far as is known before all are read: a folder, or a label. */
  readonly group: string;
  /** null where there should be an image and is none. */
  readonly source: ImageSource | null;
}

export interface Listing {
  /** In the order of their paths. */
  readonly candidates: readonly Candidate[];
  /** Paths of the files that were opened as archives. */
  readonly archives: ReadonlySet<string>;
  /** Files that the teacher's panel can use. */
  readonly checkpoints: readonly File[];
}

export const mostFiles = 200_000;
/** Up to so many files are all looked into; of more, those whose names are no images'. */
const fewFiles = 256;
/** Files whose beginnings are read at a time. */
const lookedIntoAtOnce = 32;

/** Every file that may be an image. What cannot be one is added to `rejects`. */
export async function listCandidates(
  files: readonly CollectedFile[],
  pool: DecodePool,
  rejects: Reject[],
  signal: AbortSignal,
): Promise<Listing> {
  const candidates: Candidate[] = [];
  const archives = new Set<string>();
  const checkpoints: File[] = [];
  const visible = leaveOutHidden(files, ({ path }) => path, rejects);
  for (let from = 0; from < visible.length; from += lookedIntoAtOnce) {
    signal.throwIfAborted();
    const some = visible.slice(from, from + lookedIntoAtOnce);
    const kinds = await Promise.all(
      some.map(async ({ file }) =>
        visible.length > fewFiles && hasImageName(file.name) ? null : lookInto(file),
      ),
    );
    for (const [i, { path, file }] of some.entries()) {
      const kind = kinds[i] ?? null;
      if (kind?.panel === "teacher") {
        checkpoints.push(file);
        rejects.push(misplaced(path, kind));
      } else if (kind?.kind === "zip" || (isCalledZip(file) && (kind === null || kind.kind === "unknown"))) {
        const listed = await listZip(path, file, pool, rejects);
        if (listed.isCheckpoint) checkpoints.push(file);
        archives.add(path);
        for (const candidate of listed.candidates) candidates.push(candidate);
      } else {
        candidates.push({ path, group: folderOf(path), source: { kind: "file", file } });
      }
    }
  }
  const sorted = sortByPath(candidates);
  for (const { path } of sorted.splice(mostFiles)) {
    rejects.push({ path, reason: "over-limit", message: `more than ${mostFiles} files` });
  }
  return { candidates: sorted, archives, checkpoints };
}

/** null where it cannot be opened; whoever reads it later says so. */
async function lookInto(file: File): Promise<FileKind | null> {
  try {
    const head = new Uint8Array(await file.slice(0, kindBytes).arrayBuffer());
    return fileKindOf(head, file.name, file.size);
  } catch {
    return null;
  }
}

function isCalledZip({ name, type }: File): boolean {
  return /\.zip$/i.test(name) || type === "application/zip" || type === "application/x-zip-compressed";
}

function misplaced(path: string, { what, hints }: FileKind): Reject {
  return { path, reason: "misplaced", message: `${what}. ${hints.data}` };
}

async function listZip(
  path: string,
  zip: File,
  pool: DecodePool,
  rejects: Reject[],
): Promise<{ readonly candidates: readonly Candidate[]; readonly isCheckpoint: boolean }> {
  try {
    const { entries, refused } = await pool.request("listZip", { zip });
    const kind = zipKindOf(entries);
    const holdsImages = kind.kind !== "other" && entries.some(hasImageName);
    if (!holdsImages && kind.kind !== "zip") {
      const isCheckpoint = kind.panel === "teacher";
      rejects.push(
        isCheckpoint
          ? misplaced(path, kind)
          : { path, reason: "not-an-image", message: `${kind.what}. ${kind.hints.data}` },
      );
      return { candidates: [], isCheckpoint };
    }
    const refusals = refused.map((one) => ({ ...one, path: `${path}/${one.path}` }));
    for (const { path: entry, reason } of leaveOutHidden(refusals, (one) => one.path, rejects))
      rejects.push({ path: entry, reason: "unreadable", message: reason });
    const paths = entries.map((entry) => ({ entry, path: `${path}/${entry}` }));
    const candidates = leaveOutHidden(paths, (one) => one.path, rejects).map(
      ({ entry, path: whole }): Candidate => ({
        path: whole,
        group: folderOf(whole),
        source: { kind: "entry", archive: path, zip, entry },
      }),
    );
    return { candidates, isCheckpoint: false };
  } catch (error) {
    if (!(error instanceof AppError) || error.code === "cancelled" || error.code === "network-failed")
      throw error;
    const reason = error.code === "file-refused" ? "over-limit" : "corrupt";
    rejects.push({ path, reason, message: error.message });
    return { candidates: [], isCheckpoint: false };
  }
}

/** What is neither junk, of which nothing is said, nor hidden, which is listed folder by folder. */
function leaveOutHidden<T>(items: readonly T[], pathOf: (item: T) => string, rejects: Reject[]): T[] {
  const hidden = new Map<string, number>();
  const visible = items.filter((item) => {
    const path = pathOf(item);
    if (isJunkPath(path)) return false;
    const folder = path.includes("/..") ? null : hiddenPartOf(path);
    if (folder === null) return true;
    if (folder !== path) hidden.set(folder, (hidden.get(folder) ?? 0) + 1);
    else rejects.push({ path, reason: "hidden", message: "a hidden file" });
    return false;
  });
  for (const [path, files] of hidden) rejects.push(hiddenFolder(path, files));
  return visible;
}
