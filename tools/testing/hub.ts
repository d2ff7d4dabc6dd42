/**
 * A server that behaves as the hubs on the web do, and misbehaves as they do, for tests: two origins, so that one
 * can pass requests on to the other. The first part of a path says how, the last what:
 *
 *     /plain/bytes-1000.bin   with CORS, ranges and a strong ETag
 *     /redirect/plain/…       passed on to the other origin
 *     /slow/… /cut/… /gzip/…  and more: `behaviours`
 *     /owner/name/resolve/main/file, /api/models/owner/name/tree/main   as on Hugging Face: passed on to `large`
 *     /datasets/owner/name/resolve/branch/path, /api/datasets/owner/name/tree/branch   likewise: `datasets`
 */
import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";

export interface Hub {
  /** Without a slash at the end. */
  readonly url: string;
  /** Of the other origin. */
  readonly mirror: string;
  /** Files by name, beside those that are made up: `bytes-<count>.bin`. */
  readonly files: Map<string, Uint8Array>;
  /** Data sets by name; "busy/…" is too busy twice, "gated/…" is not open to all. */
  readonly datasets: Map<string, HubDataset>;
  readonly requests: HubRequest[];
  close(): Promise<void>;
}

/** Branch → path → file. */
type HubDataset = Readonly<Record<string, ReadonlyMap<string, Uint8Array>>>;

export interface HubRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly content: Buffer;
  /** How often this very address was asked for with GET before. */
  readonly earlier: number;
  /** The rest of the path. */
  readonly rest: string;
  readonly mirror: string;
}

const open = { "Access-Control-Allow-Origin": "*" } as const;
const exposed = {
  ...open,
  "Access-Control-Expose-Headers": "ETag, Content-Range, Accept-Ranges, Retry-After",
} as const;
const login = Buffer.from("<!doctype html><title>Sign in</title><form>Please sign in.</form>");

/** The store of large files breaks off in the middle of more than that. */
const breaksBeyondBytes = 1e6;

const behaviours: Readonly<Record<string, (exchange: Exchange) => void>> = {
  plain: (exchange) => sendFile(exchange, exposed),
  /** Readable, but of its headers only what pages always see. */
  hidden: (exchange) => sendFile(exchange, open),
  /** Not for pages of other sites. */
  closed: (exchange) => sendFile(exchange, {}),
  weak: (exchange) => sendFile(exchange, exposed, { weak: true }),
  whole: (exchange) => sendFile(exchange, exposed, { ranges: false }),
  nohead: (exchange) =>
    exchange.request.method === "HEAD" ? refuse(exchange, 405) : sendFile(exchange, exposed),
  nosize: ({ request, response, content }) => {
    response.writeHead(200, exposed); // chunked
    if (request.method === "HEAD") response.end();
    else sendSlowly(response, content, 0);
  },
  slow: (exchange) => sendFile(exchange, exposed, { pauseMs: 60 }),
  silent: ({ response, content }) => {
    response.writeHead(200, { ...exposed, "Content-Length": content.length });
    response.write(content.subarray(0, 10));
  },
  /** The first two answers break off in the middle. */
  cut: (exchange) => sendFile(exchange, exposed, exchange.earlier < 2 ? { cut: true } : {}),
  cutwhole: (exchange) =>
    sendFile(exchange, exposed, { ranges: false, ...(exchange.earlier < 1 ? { cut: true } : {}) }),
  cutalways: (exchange) => sendFile(exchange, exposed, { ranges: false, cut: true }),
  /** Breaks off once, and is another file from then on. */
  exchanged: (exchange) =>
    exchange.earlier === 0
      ? sendFile(exchange, exposed, { cut: true })
      : sendFile({ ...exchange, content: other(exchange.content) }, exposed),
  /** Another file each time it is read from the beginning. */
  changing: (exchange) =>
    sendFile(exchange.earlier === 0 ? exchange : { ...exchange, content: other(exchange.content) }, exposed),
  /** Announces more than it sends. */
  short: ({ response, content }) => {
    response.writeHead(200, { ...exposed, "Content-Length": content.length + 100 });
    response.write(content, () => response.destroy());
  },
  busy: (exchange) => (exchange.earlier < 2 ? refuse(exchange, 503) : sendFile(exchange, exposed)),
  gzip: ({ request, response, content }) => {
    const packed = gzipSync(content);
    response.writeHead(200, {
      ...open,
      "Content-Encoding": "gzip",
      "Content-Length": packed.length,
      ETag: 'W/"packed"',
    });
    response.end(request.method === "HEAD" ? undefined : packed);
  },
  /** Packed a thousandfold: what is announced is the packed size. */
  bomb: ({ request, response }) => {
    const packed = gzipSync(Buffer.alloc(40_000_000));
    response.writeHead(200, { ...open, "Content-Encoding": "gzip", "Content-Length": packed.length });
    response.end(request.method === "HEAD" ? undefined : packed);
  },
  /** Passed on to where there is no encryption, and nobody. */
  unencrypted: ({ response, rest }) => {
    response.writeHead(302, { ...open, Location: `http://hub.invalid/${rest}` }).end();
  },
  html: ({ request, response }) => {
    response.writeHead(200, { ...open, "Content-Type": "text/html; charset=utf-8" });
    response.end(request.method === "HEAD" ? undefined : login);
  },
  /** A web page that says it is none. */
  htmlinside: (exchange) => sendFile({ ...exchange, content: login }, exposed),
  status: (exchange) => refuse(exchange, Number(exchange.rest.slice(0, 3))),
  /**
   * A hub's store of large files, as Hugging Face's: what it is passed on to is signed for GET, so HEAD is refused; parts
   * are given from a first byte on, not from the end; and who asks for much at once is broken off.
   */
  large: (exchange) => {
    const { method, headers } = exchange.request;
    if (method === "HEAD") refuse(exchange, 403);
    else if (/^bytes=-/.test(headers.range ?? "")) refuse(exchange, 416);
    else
      sendFile(exchange, exposed, {
        cut: headers.range === undefined && exchange.content.length > breaksBeyondBytes,
      });
  },
  redirect: ({ response, mirror, rest }) => {
    response.writeHead(302, { ...open, Location: `${mirror}/${rest}` }).end();
  },
};

/** Starts the two servers on free ports of this machine. */
export async function startHub(files: ReadonlyMap<string, Uint8Array> = new Map()): Promise<Hub> {
  const known = new Map(files);
  const datasets = new Map<string, HubDataset>();
  const requests: HubRequest[] = [];
  const counts = new Map<string, number>();
  let mirrorUrl = "";

  const serve = (request: IncomingMessage, response: ServerResponse): void => {
    const url = new URL(request.url ?? "/", "http://hub");
    const { method = "GET", headers } = request;
    if (url.pathname === "/log") {
      response.writeHead(200, { ...open, "Content-Type": "application/json" });
      response.end(JSON.stringify(requests.filter(({ path }) => path === url.searchParams.get("path"))));
      return;
    }
    const path = `${url.pathname}${url.search}`;
    requests.push({ method, path, headers });
    if (method !== "GET" && method !== "HEAD") {
      response.writeHead(405).end(); // preflights too, as most hubs do
      return;
    }
    const key = `${request.socket.localPort} ${path}`;
    const earlier = counts.get(key) ?? 0;
    if (method === "GET") counts.set(key, earlier + 1);
    const name = decodeURIComponent(url.pathname.slice(url.pathname.lastIndexOf("/") + 1));
    const content = Buffer.from(known.get(name) ?? madeUp(name) ?? []);
    const [, first = "", rest = ""] = /^\/([^/]+)\/(.*)$/.exec(url.pathname) ?? [];
    const exchange = { request, response, content, earlier, rest, mirror: mirrorUrl };
    const behave = behaviours[first];
    const isKnown = content.length > 0 || name.startsWith("bytes-0");
    if (first === "api" && rest.startsWith("datasets/")) sendDatasetListing(exchange, datasets);
    else if (first === "datasets") sendDatasetFile(exchange, datasets);
    else if (first === "api") sendListing(exchange, known);
    else if (/^[^/]+\/resolve\/main\//.test(rest)) {
      const file = rest.slice(rest.indexOf("/main/") + "/main/".length);
      const target = `${mirrorUrl}/large/${file}${url.search}`;
      response.writeHead(302, { ...open, Location: target }).end();
    } else if (behave === undefined || (!isKnown && first !== "status" && first !== "redirect"))
      refuse(exchange, 404);
    else behave(exchange);
  };

  const main = createServer(serve);
  const mirror = createServer(serve);
  const url = await listen(main);
  mirrorUrl = await listen(mirror);
  return {
    url,
    mirror: mirrorUrl,
    files: known,
    datasets,
    requests,
    close: async () => {
      await Promise.all([main, mirror].map(close));
    },
  };
}

interface Sending {
  readonly ranges?: boolean;
  readonly weak?: boolean;
  readonly cut?: boolean;
  readonly pauseMs?: number;
}

function sendFile(
  { request, response, content }: Exchange,
  headers: Readonly<Record<string, string>>,
  { ranges = true, weak = false, cut = false, pauseMs = 0 }: Sending = {},
): void {
  const etag = `${weak ? "W/" : ""}"${createHash("md5").update(content).digest("hex")}"`;
  const common = { ...headers, ETag: etag, "Content-Type": "application/octet-stream" };
  const asked = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? "");
  const isSame = [undefined, etag].includes(request.headers["if-range"] as string | undefined);
  let body = content;
  if (asked !== null && ranges && isSame) {
    const start = Number(asked[1]);
    const end = asked[2] === "" ? content.length : Math.min(content.length, Number(asked[2]) + 1);
    if (start >= content.length) {
      response.writeHead(416, { ...common, "Content-Range": `bytes */${content.length}` }).end();
      return;
    }
    body = content.subarray(start, end);
    response.writeHead(206, {
      ...common,
      "Content-Length": body.length,
      "Content-Range": `bytes ${start}-${end - 1}/${content.length}`,
    });
  } else {
    response.writeHead(200, {
      ...common,
      "Content-Length": body.length,
      ...(ranges ? { "Accept-Ranges": "bytes" } : {}),
    });
  }
  if (request.method === "HEAD") response.end();
  else if (cut)
    response.write(body.subarray(0, body.length >> 1), () => setTimeout(() => response.destroy(), 50));
  else if (pauseMs > 0) sendSlowly(response, body, pauseMs);
  else response.end(body);
}

function sendSlowly(response: ServerResponse, body: Buffer, pauseMs: number): void {
  if (response.destroyed) return;
  response.write(body.subarray(0, 16_384));
  const rest = body.subarray(16_384);
  if (rest.length === 0) response.end();
  else setTimeout(() => sendSlowly(response, rest, pauseMs), pauseMs);
}

function refuse({ response }: Exchange, status: number): void {
  response.writeHead(status, { ...exposed, "Content-Type": "text/plain" }).end(`${status}\n`);
}

/** Hugging Face's listing; of the repository "wrong/hash" the published hashes are those of other files. */
function sendListing({ response, rest }: Exchange, files: ReadonlyMap<string, Uint8Array>): void {
  const listed = [...files, ["bytes-1000.bin", madeUp("bytes-1000.bin")!] as const];
  const entries = listed.map(([path, bytes]) => {
    const content = rest.startsWith("models/wrong/hash/") ? other(Buffer.from(bytes)) : bytes;
    const oid = createHash("sha256").update(content).digest("hex");
    return { type: "file", path, size: bytes.length, lfs: { oid, size: bytes.length, pointerSize: 130 } };
  });
  response.writeHead(200, { ...open, "Content-Type": "application/json" });
  response.end(JSON.stringify(entries));
}

/** Hugging Face's listing of a data set's branch. To those who have not signed in, what is not there is not for them. */
function sendDatasetListing(exchange: Exchange, datasets: ReadonlyMap<string, HubDataset>): void {
  const { response, rest, earlier } = exchange;
  const [, name = "", branch = ""] = /^datasets\/(.+)\/tree\/([^/]+)$/.exec(rest) ?? [];
  const dataset = datasets.get(name);
  if (dataset === undefined || name.startsWith("gated/")) refuse(exchange, 401);
  else if (name.startsWith("busy/") && earlier < 2) refuse(exchange, 429);
  else {
    const files = dataset[decodeURIComponent(branch)];
    if (files === undefined) refuse(exchange, 404);
    else {
      response.writeHead(200, { ...open, "Content-Type": "application/json" });
      const folders = [{ type: "directory", oid: "0", size: 0, path: "default" }];
      const entries = [...files].map(([path, bytes]) => ({
        type: "file",
        oid: "0",
        size: bytes.length,
        path,
      }));
      response.end(JSON.stringify([...folders, ...entries]));
    }
  }
}

/** Asked for by its name it is passed on to the other origin, as to the hub's store of large files. */
function sendDatasetFile(exchange: Exchange, datasets: ReadonlyMap<string, HubDataset>): void {
  const { request, response, rest, mirror } = exchange;
  const [, name = "", branch = "", path = ""] = /^(.+)\/resolve\/([^/]+)\/(.+)$/.exec(rest) ?? [];
  const content = datasets.get(name)?.[decodeURIComponent(branch)]?.get(decodeURIComponent(path));
  if (content === undefined) refuse(exchange, 404);
  else if (name.startsWith("terms/")) refuse(exchange, 403);
  else if (request.headers.host !== new URL(mirror).host)
    response.writeHead(302, { ...open, Location: `${mirror}/datasets/${rest}` }).end();
  else behaviours["large"]!({ ...exchange, content: Buffer.from(content) });
}

/** "bytes-1000.bin": a thousand bytes that are no repetition of a few. */
function madeUp(name: string): Uint8Array | null {
  const match = /^bytes-(\d{1,8})\.\w+$/.exec(name);
  if (match === null) return null;
  return Uint8Array.from({ length: Number(match[1]) }, (_, i) => (Math.imul(i, 2_654_435_761) >>> 13) & 255);
}

function other(content: Buffer): Buffer {
  return Buffer.from(content.map((byte) => byte ^ 1));
}

function listen(server: Server): Promise<string> {
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () =>
      resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}`),
    );
  });
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
