import type { DownloadedFile, DownloadProgress } from "../../contract/download.ts";
import { AppError } from "../../contract/errors.ts";
import { parseWebAddress } from "../../contract/webAddress.ts";
import { isTfjsModelJson, weightFilesOf } from "../../formats/tfjsModel.ts";
import type { Wanted } from "../stores/webStore.ts";
import type { DownloadClient } from "./downloadClient.ts";

/** What one ArrayBuffer holds, and so the largest checkpoint that is read. */
const mostTeacherBytes = 2 ** 31 - 1;
const mostModelJsonBytes = 64 * 1024 * 1024;
const mostZipBytes = 4e9;

interface FetchOptions {
  /** Of the file that was looked up, as the visitor was told. */
  readonly announcedBytes: number | null;
  readonly signal: AbortSignal;
  readonly acceptChanged: boolean;
  readonly onProgress: (name: string, progress: DownloadProgress) => void;
}

/** Everything that makes up a teacher: one file; of a TensorFlow.js model, its JSON file and its weight files too. */
export async function fetchTeacherFiles(
  client: DownloadClient,
  wanted: Wanted,
  options: FetchOptions,
): Promise<readonly DownloadedFile[]> {
  const url = parseWebAddress(wanted.address, location.origin);
  if (!/\.json$/i.test(url.pathname)) return [await fetchOne(client, wanted, url, mostTeacherBytes, options)];
  const model = await fetchOne(client, wanted, url, mostModelJsonBytes, options);
  const files = [model];
  let left = mostTeacherBytes;
  for (const address of shardAddresses(url, await model.file.arrayBuffer())) {
    // Only the JSON file's hash may be known; its weight files are held to what they were the first time.
    const unknown = { ...options, announcedBytes: null };
    const shard = await fetchOne(client, { ...wanted, sha256: null }, address, left, unknown);
    left -= shard.record.bytes;
    files.push(shard);
  }
  return files;
}

export function fetchZip(
  client: DownloadClient,
  wanted: Wanted,
  options: FetchOptions,
): Promise<DownloadedFile> {
  const url = parseWebAddress(wanted.address, location.origin);
  return fetchOne(client, wanted, url, mostZipBytes, options);
}

function fetchOne(
  client: DownloadClient,
  { sha256, keep }: Wanted,
  url: URL,
  mostBytes: number,
  { announcedBytes, signal, acceptChanged, onProgress }: FetchOptions,
): Promise<DownloadedFile> {
  const name = url.pathname.slice(url.pathname.lastIndexOf("/") + 1);
  return client.request(
    "download",
    { address: url.href, options: { mostBytes, announcedBytes, sha256, keep, acceptChanged } },
    { signal, onProgress: (progress) => onProgress(name, progress) },
  );
}

/**
 * Where a model's weight files lie: beside its JSON file, wherever that asks to go. None for JSON of another kind;
 * whoever reads it says what it is.
 *
 * @throws AppError for a model.json that is none, or for a file that names others outside its own folder.
 */
export function shardAddresses(model: URL, bytes: ArrayBuffer): readonly URL[] {
  const isNamed = /\/model\.json$/i.test(model.pathname);
  if (!isNamed && !isTfjsModelJson(new Uint8Array(bytes))) return [];
  const folder = new URL(".", model);
  return weightFilesOf(new Uint8Array(bytes), "model.json").map((path) => {
    const url = new URL(path.split("/").map(encodeURIComponent).join("/"), folder);
    if (url.origin !== model.origin || !url.pathname.startsWith(folder.pathname))
      throw new AppError("file-refused", `model.json names the weight file “${path}” outside its folder.`);
    url.search = model.search; // some hubs want the same question for each file
    return url;
  });
}
