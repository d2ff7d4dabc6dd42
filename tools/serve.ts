/** A small static server for the built playground, with the headers that give WASM its threads. */
import { readFileSync, readdirSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, relative, sep } from "node:path";
import { headersFor } from "../src/contract/isolation.ts";

const contentTypes: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".mjs": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".json": "application/json; charset=utf-8",
  ".webmanifest": "application/manifest+json",
  ".wasm": "application/wasm",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".jpg": "image/jpeg",
  ".ico": "image/x-icon",
  ".txt": "text/plain; charset=utf-8",
};

export function contentTypeOf(name: string): string {
  return contentTypes[extname(name)] ?? "application/octet-stream";
}

export interface RunningSite {
  /** With a slash at the end. */
  readonly url: string;
  close(): Promise<void>;
}

export interface SiteOptions {
  readonly folder: string;
  /** First port to try; busy ones are passed over. 0 takes any free one. */
  readonly port?: number;
  /** Path under which the site lives, "/" or "/some/where/". */
  readonly mount?: string;
}

/**
 * Serves a folder on 127.0.0.1. Its files are read once, so a build that goes on meanwhile changes nothing for
 * those who are connected.
 *
 * @throws Error when no port is free.
 */
export async function serveSite({ folder, port = 0, mount = "/" }: SiteOptions): Promise<RunningSite> {
  const files = readFiles(folder);
  const server = createServer((request, response) => {
    response.setHeader("X-Content-Type-Options", "nosniff");
    const asked = readTarget(request.url ?? "/");
    const file =
      asked?.path.startsWith(mount) === true
        ? files.get(asked.path.slice(mount.length) || "index.html")
        : undefined;
    if (request.method !== "GET" && request.method !== "HEAD") {
      response.writeHead(405, { Allow: "GET, HEAD" }).end();
    } else if (asked === null || file === undefined) {
      response.writeHead(404, { "Content-Type": "text/plain" }).end("Not found\n");
    } else {
      response.writeHead(200, {
        ...headersFor(asked.url, file.type),
        "Content-Type": file.type,
        "Content-Length": file.bytes.length,
        "Cache-Control": "no-cache",
      });
      response.end(request.method === "HEAD" ? undefined : file.bytes);
    }
  });
  return openSite(server, port, mount);
}

/** @throws Error when no port is free. */
export async function openSite(server: Server, firstPort: number, mount: string): Promise<RunningSite> {
  const port = await listen(server, firstPort);
  return {
    url: `http://127.0.0.1:${port}${mount}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function readFiles(folder: string): ReadonlyMap<string, { bytes: Buffer; type: string }> {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return new Map(
    entries
      .filter((entry) => entry.isFile() && !entry.name.startsWith("."))
      .map((entry) => {
        const path = join(entry.parentPath, entry.name);
        const content = { bytes: readFileSync(path), type: contentTypeOf(entry.name) };
        return [relative(folder, path).split(sep).join("/"), content];
      }),
  );
}

/** @returns the address and its decoded path, null for what is neither. */
export function readTarget(target: string): { readonly url: URL; readonly path: string } | null {
  try {
    const url = new URL(target, "http://localhost");
    return { url, path: decodeURIComponent(url.pathname) };
  } catch {
    return null;
  }
}

const portsToTry = 50;

/** @returns the port: the first that is free, from `firstPort` on. */
async function listen(server: Server, firstPort: number): Promise<number> {
  for (let port = firstPort; port < firstPort + portsToTry; port++) {
    const bound = await new Promise<boolean>((resolve, reject) => {
      const fail = (error: NodeJS.ErrnoException): void => {
        if (error.code === "EADDRINUSE" || error.code === "EACCES") resolve(false);
        else reject(error);
      };
      server.once("error", fail);
      server.listen(port, "127.0.0.1", () => {
        server.off("error", fail);
        resolve(true);
      });
    });
    if (bound) return (server.address() as AddressInfo).port;
  }
  throw new Error(
    `The ports ${firstPort} to ${firstPort + portsToTry - 1} are all in use; choose one with --port.`,
  );
}
