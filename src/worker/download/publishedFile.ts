import { z } from "../../formats/zod.ts";
import { request } from "./request.ts";

/** What a hub says of a file beside the file itself. */
export interface PublishedFile {
  readonly bytes: number;
  /** Hex. */
  readonly sha256: string;
}

/** Hugging Face's listing of a folder, as far as it is read; only large files carry a SHA-256. */
const listingSchema = z.array(
  z.object({
    path: z.string(),
    size: z.int().nonnegative(),
    lfs: z.object({ oid: z.string().regex(/^[0-9a-f]{64}$/) }).optional(),
  }),
);

/** More is no listing of a folder of models. */
const mostListingBytes = 4e6;

/**
 * Size and SHA-256 as the hub publishes them. Known are addresses of Hugging Face's form,
 * `/owner/name/resolve/revision/path`, on whatever host: mirrors have the same interface.
 *
 * @returns null where nothing is published, or the hub does not answer; the file may be read all the same.
 */
export async function publishedFile(url: URL, signal: AbortSignal): Promise<PublishedFile | null> {
  const parts = /^\/(?:(datasets)\/)?([^/]+\/[^/]+)\/resolve\/([^/]+)\/(.+)$/.exec(url.pathname);
  if (parts === null) return null;
  const [, kind = "models", repository = "", revision = "", path = ""] = parts;
  const folder = path.includes("/") ? `/${path.slice(0, path.lastIndexOf("/"))}` : "";
  const listing = new URL(`/api/${kind}/${repository}/tree/${revision}${folder}`, url.origin);
  try {
    const { response, total } = await request(listing, { signal });
    if (total !== null && total > mostListingBytes) return null;
    const name = decodeURIComponent(path);
    const entry = listingSchema.parse(await response.json()).find((file) => file.path === name);
    return entry?.lfs === undefined ? null : { bytes: entry.size, sha256: entry.lfs.oid };
  } catch {
    signal.throwIfAborted();
    return null;
  }
}
