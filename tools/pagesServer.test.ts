import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { servePages } from "./pagesServer.ts";
import type { RunningSite } from "./serve.ts";

let parent: string;
let site: RunningSite;

beforeAll(async () => {
  parent = mkdtempSync(join(tmpdir(), "pages-"));
  mkdirSync(join(parent, "site"));
  writeFileSync(join(parent, "secret.txt"), "secret");
  writeFileSync(join(parent, "site", ".hidden"), "hidden");
  writeFileSync(join(parent, "site", "index.html"), "page");
  writeFileSync(join(parent, "site", "404.html"), "nothing here");
  site = await servePages({ folder: join(parent, "site"), mount: "/repository/" });
});
afterAll(async () => {
  await site.close();
  rmSync(parent, { recursive: true });
});

function rawStatus(path: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    request(new URL(site.url).origin, { path }, (response) => {
      response.resume();
      resolve(response.statusCode);
    })
      .on("error", reject)
      .end();
  });
}

test("sends none of the headers that isolate a page", async () => {
  const response = await fetch(`${site.url}?embed`);
  expect(await response.text()).toBe("page");
  const names = [...response.headers.keys()];
  expect(names.filter((name) => /cross-origin|security-policy/.test(name))).toEqual([]);
  expect(response.headers.get("cache-control")).toBe("max-age=600");
});

test("what is not there is answered by the 404 page, and what was published meanwhile is there", async () => {
  const response = await fetch(`${site.url}new.txt`);
  expect([response.status, await response.text()]).toEqual([404, "nothing here"]);
  writeFileSync(join(parent, "site", "new.txt"), "new");
  expect(await (await fetch(`${site.url}new.txt`)).text()).toBe("new");
});

test.each([
  ["/repository/../../secret.txt", 404],
  ["/repository/..%2f..%2fsecret.txt", 404],
  ["/repository/..%5c..%5csecret.txt", 404],
  ["/repository/.hidden", 404],
  ["/repository/%zz", 404],
  ["/repository", 301],
  ["/", 404],
])("%s is answered with %i", async (path, status) => {
  expect(await rawStatus(path)).toBe(status);
});
