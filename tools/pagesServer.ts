/** A plain static host, as GitHub Pages is one: no headers of ours, a 404 page, packed text, ten minutes in caches. */
import { createHash } from "node:crypto";
import { existsSync, readFileSync, statSync } from "node:fs";
import { createServer, type ServerResponse } from "node:http";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { contentTypeOf, openSite, readTarget, type RunningSite, type SiteOptions } from "./serve.ts";

export interface PagesOptions extends SiteOptions {
  /** Told of every answer, with the bytes of its body on the wire. */
  readonly onSent?: (path: string, bytes: number) => void;
}

/** What it packs; binaries go as they are. */
const packed = /^text\/|^image\/svg|javascript|json|wasm/;

/**
 * Serves a folder on 127.0.0.1. Files are read when they are asked for, so that a new version can be published into the
 * folder.
 *
 * @throws Error when no port is free.
 */
export async function servePages({
  folder,
  port = 0,
  mount = "/",
  onSent = () => undefined,
}: PagesOptions): Promise<RunningSite> {
  const server = createServer((request, response) => {
    const path = readTarget(request.url ?? "/")?.path ?? null;
    const send = (status: number, file: string): void => {
      const bytes = readFileSync(file);
      const type = contentTypeOf(file);
      const isPacked = packed.test(type) && /\bgzip\b/.test(String(request.headers["accept-encoding"]));
      const body = isPacked ? gzipSync(bytes) : bytes;
      const etag = `${isPacked ? "W/" : ""}"${createHash("md5").update(bytes).digest("hex")}"`;
      const isKnown = status === 200 && request.headers["if-none-match"] === etag;
      response.writeHead(isKnown ? 304 : status, {
        "Access-Control-Allow-Origin": "*",
        "Cache-Control": "max-age=600",
        ETag: etag,
        ...(isKnown ? {} : { "Content-Type": type, "Content-Length": body.length }),
        ...(isPacked && !isKnown ? { "Content-Encoding": "gzip" } : {}),
        Vary: "Accept-Encoding",
      });
      const isSent = request.method !== "HEAD" && !isKnown;
      response.end(isSent ? body : undefined);
      if (isSent) onSent(path ?? "", body.length);
    };
    const file = path?.startsWith(mount) === true ? fileAt(folder, path.slice(mount.length)) : null;
    const missing = join(folder, "404.html");
    if (request.method !== "GET" && request.method !== "HEAD") refuse(response, 405);
    else if (path !== null && `${path}/` === mount) response.writeHead(301, { Location: mount }).end();
    else if (file !== null) send(200, file);
    else if (existsSync(missing)) send(404, missing);
    else refuse(response, 404);
  });
  return openSite(server, port, mount);
}

/** @returns null where there is none, and for what would lead out of the folder or into hidden files. */
function fileAt(folder: string, path: string): string | null {
  if (path.split("/").some((name) => name.startsWith(".")) || path.includes("\\")) return null;
  const file = join(folder, path === "" || path.endsWith("/") ? `${path}index.html` : path);
  return existsSync(file) && statSync(file).isFile() ? file : null;
}

function refuse(response: ServerResponse, status: number): void {
  response.writeHead(status, { "Content-Type": "text/plain" }).end(`${status}\n`);
}
