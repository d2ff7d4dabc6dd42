/** Files from the web, asked for by a click and loaded by another. */
import type { DownloadedFile } from "../../contract/download.ts";
import { AppError, toWire } from "../../contract/errors.ts";
import { invariant } from "../../lib/invariant.ts";
import { downloads, type DownloadClient } from "../download/downloadClient.ts";
import { notifyError } from "../stores/noticeStore.ts";
import { setTransfer, webStore, type Wanted, type WebUse } from "../stores/webStore.ts";

const cancels: Partial<Record<WebUse, AbortController>> = {};

function begin(use: WebUse): AbortSignal {
  cancels[use]?.abort();
  const controller = new AbortController();
  cancels[use] = controller;
  return controller.signal;
}

/** Asks the site for size and hash, and loads nothing yet. */
export async function lookUp(use: WebUse, wanted: Wanted, client: DownloadClient = downloads): Promise<void> {
  const signal = begin(use);
  setTransfer(use, { phase: "asking", wanted });
  try {
    const remote = await client.request("probe", { address: wanted.address }, { signal });
    if (!signal.aborted) setTransfer(use, { phase: "asked", wanted, remote });
  } catch (error) {
    if (!signal.aborted) setTransfer(use, { phase: "failed", wanted, error: toWire(error), remote: null });
  }
}

/**
 * Loads what was looked up.
 *
 * @returns the files; null when it failed, which the panel shows, or was cancelled.
 */
export async function startDownload(
  use: WebUse,
  { acceptChanged = false, client = downloads } = {},
): Promise<readonly DownloadedFile[] | null> {
  const transfer = webStore.getState().transfers[use];
  invariant("remote" in transfer && transfer.remote !== null, "what is downloaded was looked up before");
  const { wanted, remote } = transfer;
  const signal = begin(use);
  setTransfer(use, { phase: "loading", wanted, remote, name: remote.name, progress: null });
  try {
    const options = {
      announcedBytes: remote.bytes,
      signal,
      acceptChanged,
      onProgress: (name: string, progress: Parameters<typeof setProgress>[2]) =>
        setProgress(use, name, progress, signal),
    };
    // Brings the reader of model.json along, which the first paint does not need.
    const { fetchTeacherFiles, fetchZip } = await import("../download/fetchFiles.ts");
    const files =
      use === "teacher"
        ? await fetchTeacherFiles(client, wanted, options)
        : [await fetchZip(client, wanted, options)];
    if (signal.aborted) return null;
    setTransfer(use, { phase: "done", wanted, facts: describeFiles(files) });
    return files;
  } catch (error) {
    if (signal.aborted) return null;
    if (error instanceof AppError && error.code === "cancelled") setTransfer(use, { phase: "idle" });
    else setTransfer(use, { phase: "failed", wanted, error: toWire(error), remote });
    return null;
  } finally {
    void refreshKept(client);
  }
}

function setProgress(
  use: WebUse,
  name: string,
  progress: Extract<ReturnType<typeof transferOf>, { phase: "loading" }>["progress"],
  signal: AbortSignal,
): void {
  const transfer = transferOf(use);
  if (!signal.aborted && transfer.phase === "loading") setTransfer(use, { ...transfer, name, progress });
}

function transferOf(use: WebUse) {
  return webStore.getState().transfers[use];
}

/** Ends what is going on, or puts away what was found. */
export function dismissTransfer(use: WebUse): void {
  cancels[use]?.abort();
  setTransfer(use, { phase: "idle" });
}

export async function refreshKept(client: DownloadClient = downloads): Promise<void> {
  try {
    webStore.setState({ kept: await client.request("listCached", null) });
  } catch (error) {
    notifyError(error);
  }
}

/** One file, or with null all of them. */
export async function deleteKept(address: string | null, client: DownloadClient = downloads): Promise<void> {
  try {
    await client.request("deleteCached", { address });
  } catch (error) {
    notifyError(error);
  }
  await refreshKept(client);
}

const bases = {
  given: "it is the file that was meant",
  published: "it is what the hub publishes",
  recorded: "it is the same as the first time",
  first: "nobody publishes it, so it is recorded now: another file will be refused later",
} as const;

function describeFiles(files: readonly DownloadedFile[]): readonly string[] {
  const [first] = files;
  if (first === undefined) return [];
  const { record, basis, fromCache } = first;
  return [
    `SHA-256 ${record.sha256}: ${bases[basis]}.`,
    ...(fromCache ? ["It was on this machine; nothing was downloaded."] : []),
    ...new Set(files.flatMap(({ notes }) => notes)),
  ];
}
