/**
 * The download worker: the one place of the product that may speak to other sites. Its script is sent with a policy
 * of its own (`src/contract/isolation.ts`). It is told addresses, it reads them, and it holds nothing of the visitor's.
 */
import type { DownloadRequests } from "../../contract/download.ts";
import { formatDatasetAddress, parseDatasetAddress } from "../../contract/datasetAddress.ts";
import { AppError, toWire } from "../../contract/errors.ts";
import { fileNameOf, parseWebAddress } from "../../contract/webAddress.ts";
import { buffersIn, serve, type Handlers } from "../../lib/channel.ts";
import { datasetFiles } from "./datasetFiles.ts";
import { DownloadCache } from "./downloadCache.ts";
import { downloadFile } from "./downloadFile.ts";
import type { KeptFile } from "./fileCache.ts";
import { cancelled } from "./networkFault.ts";
import { listenToPolicy } from "./policyReports.ts";
import { probe } from "./probe.ts";
import { publishedFile } from "./publishedFile.ts";
import { mostRangeBytes, readRange } from "./readRange.ts";
import { withRetries } from "./retry.ts";

declare const self: DedicatedWorkerGlobalScope;

listenToPolicy(self);
const opening = DownloadCache.open();
const inMemory = new Map<string, KeptFile>();

const handlers: Handlers<DownloadRequests> = {
  probe: async ({ address }, { signal }) => {
    const url = readAddress(address);
    const kept = inMemory.get(url.href) ?? (await (await opening)?.find(url.href)) ?? null;
    const about = { address: url.href, host: url.host, name: fileNameOf(url), cached: kept?.record ?? null };
    // What is here needs no network, and so works offline.
    if (kept !== null)
      return { ...about, answeredBy: url.host, bytes: kept.record.bytes, sha256: kept.record.sha256 };
    const [{ answeredBy, bytes }, published] = await Promise.all([
      withRetries(signal, () => probe(url, signal)),
      publishedFile(url, signal),
    ]);
    return {
      ...about,
      answeredBy,
      bytes: bytes ?? published?.bytes ?? null,
      sha256: published?.sha256 ?? null,
    };
  },
  download: async ({ address, options }, { signal, onProgress }) => {
    const url = readAddress(address);
    return downloadFile({ url, options, cache: await opening, inMemory, signal, onProgress });
  },
  sizeOf: async ({ address }, { signal }) => {
    const url = readAddress(address);
    const { bytes } = await withRetries(signal, () => probe(url, signal));
    if (bytes !== null) return bytes;
    throw new AppError("network-status", `${url.host} does not tell how large the file is.`, {
      hint: "Download the file and drop it on this page.",
    });
  },
  readRange: async ({ address, start, end }, { signal }) => {
    const url = readAddress(address);
    if (!(Number.isInteger(start) && Number.isInteger(end) && start >= 0 && end >= start))
      throw new AppError("config-invalid", `The bytes ${start} to ${end} cannot be read.`);
    if (end - start > mostRangeBytes)
      throw new AppError("file-refused", `${end - start} bytes at once are too many.`);
    return withRetries(signal, () => readRange(url, start, end, signal));
  },
  datasetFiles: async ({ dataset }, { signal }) => {
    // As an address again, so that it is checked here.
    const address = parseDatasetAddress(formatDatasetAddress(dataset), self.location.origin);
    if (address === null) throw new AppError("config-invalid", "This is no data set's name.");
    return datasetFiles(address, signal);
  },
  listCached: async () => [
    ...[...inMemory.values()].map(({ record }) => record),
    ...((await (await opening)?.list()) ?? []),
  ],
  deleteCached: async ({ address }) => {
    if (address === null) inMemory.clear();
    else inMemory.delete(address);
    await (await opening)?.delete(address);
    return null;
  },
};

/** Addresses are checked here again: this worker is the door. */
function readAddress(address: string): URL {
  return parseWebAddress(address, self.location.origin);
}

function unwrap(error: unknown): unknown {
  if (!(error instanceof DOMException)) return error;
  return new AppError("storage-failed", `Files cannot be kept on this machine: ${error.message}`, {
    hint: "Free some room, or leave the private window, and try again.",
    cause: error,
  });
}

serve<DownloadRequests>(self, handlers, {
  toWire: (error, signal) => toWire(signal.aborted ? cancelled() : unwrap(error)),
  transfer: (output) => (output instanceof Uint8Array ? buffersIn(output) : []),
});
