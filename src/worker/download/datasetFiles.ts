import type { DatasetAddress } from "../../contract/datasetAddress.ts";
import type { DatasetFile, DatasetFiles, DatasetSplit } from "../../contract/download.ts";
import { AppError } from "../../contract/errors.ts";
import { quote } from "../../formats/quote.ts";
import { z } from "../../formats/zod.ts";
import { NetworkFault } from "./networkFault.ts";
import { readBody } from "./readBody.ts";
import { request } from "./request.ts";
import { withRetries } from "./retry.ts";

/** Hugging Face's listing of a repository, as far as it is read. */
const listingSchema = z.array(z.object({ type: z.string(), path: z.string(), size: z.int().nonnegative() }));
type Listing = z.infer<typeof listingSchema>;

/** A page of a listing holds a thousand files. */
const mostListingBytes = 4e6;
/** On which the hub keeps its own conversion of data sets to parquet, a folder for each subset and split. */
const convertedBranch = "refs/convert/parquet";

/**
 * The parquet files of a data set: those the hub made of it, else its own. Asked of the site the address names, by
 * the listing of a repository's files, which mirrors have too and which tells sizes.
 *
 * @throws AppError "not-found" for no such public data set, "file-unsupported" when it has no parquet files; what
 * the network does.
 */
export async function datasetFiles(address: DatasetAddress, signal: AbortSignal): Promise<DatasetFiles> {
  const converted = await listBranch(address, convertedBranch, signal);
  const listed = converted ?? (await listBranch(address, "main", signal));
  if (listed === null) throw unknown(address);
  const branch = converted === null ? "main" : convertedBranch;
  const files = listed
    .filter(({ type, path }) => type === "file" && /\.parquet$/i.test(path))
    .sort((a, b) => (a.path < b.path ? -1 : 1));
  if (files.length === 0)
    throw new AppError("file-unsupported", `The data set ${quote(address.name)} has no parquet files.`, {
      hint: "Download its images and drop them here, as a folder or a zip.",
    });
  const splits = new Map<string, { config: string; split: string; files: DatasetFile[] }>();
  for (const { path, size } of files) {
    const { config, split } = converted === null ? placeByName(path) : placeByFolder(path);
    const key = JSON.stringify([config, split]);
    const entry = splits.get(key) ?? { config, split, files: [] };
    entry.files.push({
      name: path.slice(path.lastIndexOf("/") + 1),
      address: `${address.origin}/datasets/${address.name}/resolve/${encodeURIComponent(branch)}/${path.split("/").map(encodeURIComponent).join("/")}`,
      bytes: size,
    });
    splits.set(key, entry);
  }
  return { name: address.name, splits: [...splits.values()] satisfies DatasetSplit[] };
}

/** @returns null when there is no such branch, or no such data set: the hub does not tell which. */
function listBranch(address: DatasetAddress, branch: string, signal: AbortSignal): Promise<Listing | null> {
  const { origin, name } = address;
  const url = new URL(`${origin}/api/datasets/${name}/tree/${encodeURIComponent(branch)}?recursive=true`);
  return withRetries(signal, async () => {
    try {
      return await readListing(url, signal);
    } catch (error) {
      if (!(error instanceof NetworkFault)) throw error;
      if (error.status === 404 || error.status === 410) return null;
      if (error.status === 401 || error.status === 403) throw closed(address, error.status);
      throw error;
    }
  });
}

async function readListing(url: URL, signal: AbortSignal): Promise<Listing> {
  const { response } = await request(url, { signal });
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  for await (const piece of readBody(url, response, signal)) {
    bytes += piece.length;
    if (bytes > mostListingBytes) throw nonsense(url, `more than ${mostListingBytes} bytes`);
    text += decoder.decode(piece, { stream: true });
  }
  try {
    return listingSchema.parse(JSON.parse(text));
  } catch (error) {
    throw nonsense(url, "something else", error);
  }
}

/** "plain_text/train/0000.parquet". */
function placeByFolder(path: string): { config: string; split: string } {
  const folders = path.split("/");
  return { config: folders.slice(0, -2).join("/") || "default", split: folders.at(-2) ?? "train" };
}

/** "data/train-00000-of-00002.parquet", as the datasets library names what it writes. */
function placeByName(path: string): { config: string; split: string } {
  const folders = path.split("/");
  const name = (folders.pop() ?? "").replace(/\.parquet$/i, "");
  const split = name.replace(/[-_.]?\d+(-of-\d+)?(-[0-9a-f]{16})?$/i, "") || "train";
  const folder = folders.join("/");
  return { config: folder === "data" || folder === "" ? "default" : folder, split };
}

function unknown({ origin, name }: DatasetAddress): AppError {
  return new AppError("not-found", `${new URL(origin).host} has no public data set ${quote(name)}.`, {
    hint: "Check its name: owner/name, as in the address of its page.",
  });
}

/** To somebody who has not signed in, the hub answers the same for a private data set and for none. */
function closed({ origin, name }: DatasetAddress, status: number): AppError {
  return new AppError(
    "not-found",
    `${new URL(origin).host} has no data set ${quote(name)} that is open to all: there is none, or it is private, or one must agree to terms (${status}).`,
    {
      hint: "Check its name. If you may read it, download its parquet files there and drop them on this page.",
    },
  );
}

function nonsense(url: URL, what: string, cause?: unknown): AppError {
  return new AppError("file-unreadable", `${url.host} answers with ${what} in place of a list of files.`, {
    hint: "Check the address: it must be that of a data set on Hugging Face or a mirror of it.",
    cause,
  });
}
