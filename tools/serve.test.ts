import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { serveSite, type RunningSite } from "./serve.ts";

const workers = ["assets/worker.js", "download/downloadWorker-a1_B-2.js", "download/notdownloadWorker-a1.js"];
let parent: string;
let site: RunningSite;

beforeAll(async () => {
  parent = mkdtempSync(join(tmpdir(), "serve-"));
  for (const folder of ["assets", "download"]) mkdirSync(join(parent, "site", folder), { recursive: true });
  writeFileSync(join(parent, "secret.txt"), "secret");
  writeFileSync(join(parent, "site", "index.html"), "<!doctype html>page");
  writeFileSync(join(parent, "site", ".hidden"), "hidden");
  for (const path of workers) writeFileSync(join(parent, "site", path), "onmessage = null");
  writeFileSync(join(parent, "site", "assets", "a b.wasm"), "wasm");
  site = await serveSite({ folder: join(parent, "site"), mount: "/some/where/" });
});
afterAll(async () => {
  await site.close();
  rmSync(parent, { recursive: true });
});

/** Without fetch, which would tidy the path up first. */
function rawStatus(path: string, method = "GET"): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    request(new URL(site.url).origin, { path, method }, (response) => {
      response.resume();
      resolve(response.statusCode);
    })
      .on("error", reject)
      .end();
  });
}

test("serves the page under its path, isolated, with the right types", async () => {
  const page = await fetch(site.url);
  expect(await page.text()).toBe("<!doctype html>page");
  expect(page.headers.get("content-type")).toBe("text/html; charset=utf-8");
  expect(page.headers.get("cross-origin-opener-policy")).toBe("same-origin");
  expect(page.headers.get("cross-origin-embedder-policy")).toBe("require-corp");
  expect(page.headers.get("content-security-policy")).toBe("frame-ancestors 'self'");
  const binary = await fetch(`${site.url}assets/a%20b.wasm?v=1`);
  expect(binary.headers.get("content-type")).toBe("application/wasm");
});

test("binds workers to their own site, but for the one that downloads", async () => {
  const connections = async (path: string): Promise<string | undefined> => {
    const { headers } = await fetch(`${site.url}${path}`);
    return /connect-src ([^;]*)/.exec(headers.get("content-security-policy") ?? "")?.[1];
  };
  expect(await connections("assets/worker.js")).toBe("'self' blob:");
  expect(await connections("download/notdownloadWorker-a1.js")).toBe("'self' blob:");
  expect(await connections("download/downloadWorker-a1_B-2.js")).toBe(
    "'self' https: http://localhost:* http://127.0.0.1:*",
  );
});

test.each([
  ["/some/where/../../secret.txt", 404],
  ["/some/where/..%2f..%2fsecret.txt", 404],
  ["/some/where/.hidden", 404],
  ["/some/where/%zz", 404],
  ["/some/where/assets", 404],
  ["/", 404],
  ["//", 404],
])("%s is answered with %i", async (path, status) => {
  expect(await rawStatus(path)).toBe(status);
});

test("takes nothing in", async () => {
  expect(await rawStatus("/some/where/", "POST")).toBe(405);
  expect(await rawStatus("/some/where/", "HEAD")).toBe(200);
});

test("a busy port is passed over", async () => {
  const busy = Number(new URL(site.url).port);
  const next = await serveSite({ folder: join(parent, "site"), port: busy });
  expect(Number(new URL(next.url).port)).toBeGreaterThan(busy);
  await next.close();
});
