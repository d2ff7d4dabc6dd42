/** The real worker in a real browser, against a server that does to it what hubs do. */
import { cdp } from "vitest/browser";
import { afterAll, beforeEach, describe, expect, inject, test } from "vitest";
import type { DownloadOptions, DownloadProgress, DownloadedFile } from "../../contract/download.ts";
import type { HubRequest } from "../../../tools/testing/hub.ts";
import type {} from "../../../tools/testing/serveHub.ts"; // what `inject` knows
import { downloadFile } from "./downloadFile.ts";
import type { KeptFile } from "./fileCache.ts";
import { createDownloadClient } from "../../page/download/downloadClient.ts";

const hub = inject("hub");
let worker: Worker | null = null;
const client = createDownloadClient(() => {
  worker = new Worker(new URL("./downloadWorker.ts", import.meta.url), { type: "module" });
  return worker;
});
afterAll(() => worker?.terminate());
beforeEach(async () => {
  // Hashes outlive their files, so each test has addresses of its own.
  await client.request("deleteCached", { address: null });
});

/** What is used here of the browser's own debugging protocol, which the provider types loosely. */
interface DevTools {
  send(
    method: "Storage.overrideQuotaForOrigin",
    params: { origin: string; quotaSize?: number },
  ): Promise<void>;
}

let counter = 0;
/** An address that no other test has. */
function at(path: string): string {
  return `${hub.url}/${path}?test=${Date.now()}-${++counter}`;
}

const options: DownloadOptions = {
  mostBytes: 100_000_000,
  announcedBytes: null,
  sha256: null,
  keep: true,
};

function download(
  address: string,
  more: Partial<DownloadOptions> = {},
  onProgress: (progress: DownloadProgress) => void = () => undefined,
): Promise<DownloadedFile> {
  return client.request("download", { address, options: { ...options, ...more } }, { onProgress });
}

/** What `tools/testing/hub.ts` makes up, made up again. */
function expected(length: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length }, (_, i) => (Math.imul(i, 2_654_435_761) >>> 13) & 255);
}

async function hex(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function expectWhole({ file, record }: DownloadedFile, length: number): Promise<void> {
  const bytes = expected(length);
  expect(await hex(new Uint8Array(await file.arrayBuffer()))).toBe(await hex(bytes));
  expect(record).toMatchObject({ bytes: length, sha256: await hex(bytes) });
}

async function requestsOf(address: string): Promise<readonly HubRequest[]> {
  const { pathname, search, origin } = new URL(address);
  const response = await fetch(`${origin}/log?path=${encodeURIComponent(pathname + search)}`);
  return (await response.json()) as HubRequest[];
}

const refusal = (code: string, message: RegExp | string, hint?: RegExp) =>
  expect.objectContaining({
    code,
    message: typeof message === "string" ? message : (expect.stringMatching(message) as string),
    ...(hint === undefined ? {} : { hint: expect.stringMatching(hint) as string }),
  }) as unknown;

describe("a file", () => {
  test("comes whole, is kept on disk and is there the next time without any request", async () => {
    const address = at("plain/bytes-300000.bin");
    const told: DownloadProgress[] = [];
    const first = await download(address, {}, (progress) => told.push(progress));
    await expectWhole(first, 300_000);
    expect(first).toMatchObject({ fromCache: false, basis: "first", notes: [], record: { place: "disk" } });
    expect(first.file.name).toBe("bytes-300000.bin");
    expect(told.at(-1)).toMatchObject({ bytes: 300_000, total: 300_000, interruptions: 0 });

    const sent = await requestsOf(address);
    expect(sent).toHaveLength(1);
    expect(sent[0]?.headers["cookie"]).toBeUndefined();
    expect(sent[0]?.headers["referer"]).toBeUndefined();

    const again = await download(address);
    await expectWhole(again, 300_000);
    expect(again).toMatchObject({ fromCache: true, basis: "recorded" });
    expect(await requestsOf(address)).toHaveLength(1);
    expect(await client.request("listCached", null)).toEqual([first.record]);
    expect(await client.request("probe", { address })).toMatchObject({
      bytes: 300_000,
      cached: first.record,
    });
    expect(await requestsOf(address)).toHaveLength(1);

    await client.request("deleteCached", { address });
    expect(await client.request("listCached", null)).toEqual([]);
    expect(await download(address)).toMatchObject({ fromCache: false, basis: "recorded" });
  });

  test.each([
    ["weak/bytes-5000.bin", 5000],
    ["hidden/bytes-5000.bin", 5000],
    ["nosize/bytes-50000.bin", 50_000],
    ["gzip/bytes-20000.bin", 20_000],
    ["redirect/plain/bytes-5000.bin", 5000],
    ["owner/name/resolve/main/bytes-5000.bin", 5000],
    ["busy/bytes-5000.bin", 5000],
    ["slow/bytes-60000.bin", 60_000],
  ])("comes whole from %s", async (path, length) => {
    await expectWhole(await download(at(path)), length);
  });

  test("comes whole from a hub's store of large files, which breaks off, by ranges from a first byte on", async () => {
    const address = at("owner/name/resolve/main/bytes-3000000.bin");
    const told: DownloadProgress[] = [];
    await expectWhole(await download(address, {}, (progress) => told.push(progress)), 3_000_000);
    expect(told.at(-1)?.interruptions).toBe(1);
    const { search } = new URL(address);
    const asked = await requestsOf(`${hub.mirror}/large/bytes-3000000.bin${search}`);
    expect(asked.map(({ method, headers }) => [method, headers["range"], headers["if-range"]])).toEqual([
      ["GET", undefined, undefined],
      ["GET", expect.stringMatching(/^bytes=\d+-$/), undefined],
    ]);
  });

  test("is kept in memory only when asked to be", async () => {
    const address = at("plain/bytes-9000.bin");
    const got = await download(address, { keep: false });
    await expectWhole(got, 9000);
    expect(got.record.place).toBe("memory");
    expect(await client.request("listCached", null)).toEqual([]);
  });
});

describe("without room", () => {
  test("on a machine that keeps no files, it stays in memory, and that is said", async () => {
    const url = new URL(at("plain/bytes-7000.bin"));
    const inMemory = new Map<string, KeptFile>();
    const { signal } = new AbortController();
    const ask = () =>
      downloadFile({ url, options, cache: null, inMemory, signal, onProgress: () => undefined });
    const got = await ask();
    await expectWhole(got, 7000);
    expect(got).toMatchObject({ record: { place: "memory" }, fromCache: false });
    expect(got.notes).toEqual([expect.stringMatching(/keeps no files for pages/)]);
    expect(await ask()).toMatchObject({ fromCache: true });
  });

  test("on a disk that becomes full, what has come moves to memory, and the rest follows", async () => {
    const quota = (quotaSize?: number) =>
      (cdp() as DevTools).send("Storage.overrideQuotaForOrigin", {
        origin: location.origin,
        ...(quotaSize === undefined ? {} : { quotaSize }),
      });
    const { usage = 0 } = await navigator.storage.estimate();
    await quota(usage + 1_000_000);
    try {
      const address = at("plain/bytes-4000000.bin");
      const got = await download(address);
      await expectWhole(got, 4_000_000);
      expect(got.record.place).toBe("memory");
      expect(got.notes).toEqual([expect.stringMatching(/no room/)]);
      expect(await download(address)).toMatchObject({ fromCache: true, record: { place: "memory" } });
      expect(await requestsOf(address)).toHaveLength(2);
    } finally {
      await quota();
    }
  });
});

describe("a connection that breaks", () => {
  test("is taken up again where it broke", async () => {
    const address = at("cut/bytes-400000.bin");
    let last: DownloadProgress | undefined;
    await expectWhole(await download(address, {}, (progress) => (last = progress)), 400_000);
    expect(last?.interruptions).toBe(2);
    const ranges = (await requestsOf(address)).map(({ headers }) => headers["range"]);
    expect(ranges).toHaveLength(3);
    expect(ranges[0]).toBeUndefined();
    const [, second, third] = ranges.map((range) => Number(/^bytes=(\d+)-$/.exec(String(range))?.[1]));
    expect(second).toBeGreaterThan(0);
    expect(third).toBeGreaterThan(second!);
  });

  test("begins anew where the site gives no parts", async () => {
    await expectWhole(await download(at("cutwhole/bytes-100000.bin")), 100_000);
  });

  test("never joins two different files", async () => {
    const got = await download(at("exchanged/bytes-100000.bin"));
    const other = expected(100_000).map((byte) => byte ^ 1);
    expect(got.record.sha256).toBe(await hex(other));
  });

  test("is given up in the end, and what was announced and never came is a fault", async () => {
    const broken = ["cutalways/bytes-50000.bin", "short/bytes-50000.bin"].map((path) =>
      expect(download(at(path))).rejects.toEqual(refusal("network-failed", /broke off/)),
    );
    await Promise.all(broken);
    expect(await client.request("listCached", null)).toEqual([]);
  }, 60_000);

  test("by the visitor leaves a part, with which another try goes on", async () => {
    const address = at("slow/bytes-2000000.bin");
    const controller = new AbortController();
    let reached = 0;
    const first = client.request(
      "download",
      { address, options },
      {
        signal: controller.signal,
        onProgress: ({ bytes }) => {
          reached = bytes;
          if (bytes > 100_000) controller.abort();
        },
      },
    );
    await expect(first).rejects.toEqual(refusal("cancelled", /cancelled/));
    expect(await client.request("listCached", null)).toEqual([]);
    const stop = new AbortController();
    const second = client.request(
      "download",
      { address, options },
      { signal: stop.signal, onProgress: () => stop.abort() },
    );
    await expect(second).rejects.toEqual(refusal("cancelled", /cancelled/));
    const [, again] = await requestsOf(address);
    const from = Number(/^bytes=(\d+)-$/.exec(String(again?.headers["range"]))?.[1]);
    expect(from).toBeGreaterThanOrEqual(reached);
  });
});

describe("is refused", () => {
  test.each([
    ["closed/bytes-10.bin", "network-blocked", /does not allow that \(CORS\)/, /drop it on this page/],
    [
      "redirect/closed/bytes-10.bin",
      "network-blocked",
      /passes the request on .* \(CORS\)/,
      /drop it on this page/,
    ],
    ["status/401/x.bin", "network-status", /401/, /Sign in/],
    ["status/403/x.bin", "network-status", /403/, /Sign in/],
    ["status/404/x.bin", "network-status", /404: there is no such file/, /Check the address/],
    ["html/bytes-10.bin", "file-unreadable", /a web page in place of/, /sign in/],
    ["htmlinside/bytes-10.bin", "file-unreadable", /a web page in place of/, /sign in/],
  ])("%s", async (path, code, message, hint) => {
    await expect(download(at(path))).rejects.toEqual(refusal(code, message, hint));
    expect(await client.request("listCached", null)).toEqual([]);
  });

  test("a site that is too busy for too long", async () => {
    await Promise.all([
      expect(download(at("status/429/x.bin"))).rejects.toEqual(
        refusal("network-status", /429: too many requests/, /Wait/),
      ),
      expect(download(at("status/503/x.bin"))).rejects.toEqual(
        refusal("network-status", /503: it is overloaded/, /later/),
      ),
    ]);
  }, 60_000);

  test("nobody there", async () => {
    await expect(download("http://127.0.0.1:9/x.bin")).rejects.toEqual(
      refusal("network-blocked", /127.0.0.1:9/),
    );
  });

  test.each([
    ["ftp://example.org/x", /begin with ftp:/],
    ["file:///etc/passwd", /begin with file:/],
    ["javascript:alert(1)", /begin with javascript:/],
    ["http://example.org/x", /without encryption/],
    ["https://me:secret@example.org/x", /user name or a password/],
    ["nonsense", /not an address/],
    ["", /No address/],
  ])("the address %s", async (address, message) => {
    await expect(download(address)).rejects.toEqual(refusal("config-invalid", message));
  });

  test("what is too large, whether it says so or not", async () => {
    for (const path of ["plain/bytes-70000.bin", "nosize/bytes-70000.bin"])
      await expect(download(at(path), { mostBytes: 50_000 })).rejects.toEqual(
        refusal("file-refused", /at most 0\.1 MB/),
      );
    expect(await client.request("listCached", null)).toEqual([]);
  });
});

describe("a file that is far larger than was announced", () => {
  test("is ended, and nothing of it kept", async () => {
    const address = at("bomb/bytes-10.bin");
    const { bytes } = await client.request("probe", { address });
    expect(bytes).toBeLessThan(100_000);
    let most = 0;
    await expect(
      download(address, { announcedBytes: bytes }, (progress) => (most = progress.bytes)),
    ).rejects.toEqual(
      refusal("file-refused", /announced with 0\.0 MB, and .* has sent 4\.\d MB and more/, /drop it/),
    );
    expect(most).toBeLessThan(8_000_000);
    expect(await client.request("listCached", null)).toEqual([]);
    // Without a word before, the answer's own length is what was announced.
    await expect(download(at("bomb/bytes-10.bin"))).rejects.toEqual(
      refusal("file-refused", /announced with/),
    );
    await expect(download(at("nosize/bytes-5000000.bin"), { announcedBytes: 1000 })).rejects.toEqual(
      refusal("file-refused", /announced with/),
    );
  });
});

describe("the hash", () => {
  test("given, whole or in part, is held to", async () => {
    const right = await hex(expected(1000));
    for (const sha256 of [right, right.slice(0, 8)])
      expect(await download(at("plain/bytes-1000.bin"), { sha256 })).toMatchObject({ basis: "given" });
    const address = at("plain/bytes-1000.bin");
    await expect(download(address, { sha256: "00000000" })).rejects.toEqual(
      refusal("hash-mismatch", /not the one that was meant/),
    );
    expect((await client.request("listCached", null)).map((file) => file.address)).not.toContain(address);
  });

  test("published by the hub is held to", async () => {
    const resolve = (repository: string): string => at(`${repository}/resolve/main/bytes-1000.bin`);
    const address = resolve("owner/name");
    expect(await client.request("probe", { address })).toMatchObject({
      bytes: 1000,
      sha256: await hex(expected(1000)),
      host: new URL(hub.url).host,
      answeredBy: new URL(hub.mirror).host,
    });
    const got = await download(address);
    expect(got.basis).toBe("published");
    await expectWhole(got, 1000);
    await expect(download(resolve("wrong/hash"))).rejects.toEqual(
      refusal("hash-mismatch", /not the one that the hub publishes/),
    );
  });

  test("of the first time is held to later, until the visitor says otherwise", async () => {
    const address = at("changing/bytes-1000.bin");
    const first = await download(address);
    await client.request("deleteCached", { address: null });
    await expect(download(address)).rejects.toEqual(
      refusal("hash-mismatch", /not the one that was downloaded here before/),
    );
    const accepted = await download(address, { acceptChanged: true });
    expect(accepted.record.sha256).not.toBe(first.record.sha256);
    await client.request("deleteCached", { address: null });
    expect((await download(address)).basis).toBe("recorded");
  });
});

describe("before anything is loaded", () => {
  test.each([
    ["plain/bytes-5000.bin", 5000],
    ["nohead/bytes-5000.bin", 5000],
    ["hidden/bytes-5000.bin", 5000],
    ["redirect/nohead/bytes-5000.bin", 5000],
    ["owner/name/resolve/main/bytes-3000000.bin", 3_000_000],
    ["nosize/bytes-50000.bin", null],
  ])("the size is asked: %s", async (path, bytes) => {
    expect(await client.request("probe", { address: at(path) })).toMatchObject({
      bytes,
      name: path.slice(path.lastIndexOf("/") + 1),
      cached: null,
    });
  });

  test("and refusals come out the same", async () => {
    await expect(client.request("probe", { address: at("status/404/x") })).rejects.toEqual(
      refusal("network-status", /404/),
    );
  });
});

describe("parts of a file", () => {
  test.each(["plain", "hidden", "redirect/plain", "nohead", "busy", "owner/name/resolve/main"])(
    "from %s",
    async (how) => {
      const remote = client.openRemote(at(`${how}/bytes-90000.bin`));
      expect(await remote.size()).toBe(90_000);
      expect(await remote.read(1000, 1005)).toEqual(expected(90_000).slice(1000, 1005));
      expect(await remote.read(89_990, 90_000)).toEqual(expected(90_000).slice(89_990));
      expect(await remote.read(5, 5)).toEqual(new Uint8Array());
    },
  );

  test("are refused where there are none, or no such bytes", async () => {
    await expect(client.openRemote(at("whole/bytes-900.bin")).read(0, 5)).rejects.toEqual(
      refusal("network-status", /as a whole only/),
    );
    await expect(client.openRemote(at("plain/bytes-900.bin")).read(900, 905)).rejects.toEqual(
      refusal("network-status", /416/),
    );
    await expect(client.openRemote(at("plain/bytes-900.bin")).read(895, 905)).rejects.toEqual(
      refusal("file-unreadable", /other bytes/),
    );
  });
});
