/** A host that sends no headers, as GitHub Pages: isolation, no network, updates, frames of other sites. */
import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium, test, type Browser, type BrowserContext, type Page } from "@playwright/test";
import { chromiumLaunchOptions } from "../tools/browser.ts";
import { distFolder } from "../tools/build.ts";
import { servePages } from "../tools/pagesServer.ts";
import type { RunningSite } from "../tools/serve.ts";
import { startHub } from "../tools/testing/hub.ts";
import { expect, Playground } from "./playground.ts";
import { publishUpdate } from "./publishUpdate.ts";

const mount = "/some/where/";

let folder: string;
let site: RunningSite;
/** Paths that were answered with a body. */
let sent: string[];
test.beforeEach(async () => {
  sent = [];
  folder = mkdtempSync(join(tmpdir(), "any-host-"));
  cpSync(distFolder, folder, { recursive: true });
  site = await servePages({ folder, mount, onSent: (path) => sent.push(path) });
});
test.afterEach(async () => {
  await site.close();
  rmSync(folder, { recursive: true });
});

/** A visitor who has never been here. */
async function newVisitor(
  browser: Browser,
  url = site.url,
  options: Parameters<Browser["newContext"]>[0] = {},
): Promise<{ playground: Playground; page: Page; context: BrowserContext }> {
  const context = await browser.newContext({
    baseURL: url,
    viewport: { width: 1280, height: 900 },
    ...options,
  });
  const page = await context.newPage();
  return { playground: new Playground(page, new URL(url).origin), page, context };
}

async function untilKept({ page }: Playground): Promise<void> {
  await page.getByTestId("backend-badge").click();
  await expect(page.getByTestId("kept-on-machine")).toContainText("opens without a network");
  await page.getByTestId("station-close").click();
}

test("one reload, isolated, trained with threads; and again without a network", async ({ browser }) => {
  const { playground, page, context } = await newVisitor(browser);
  let loads = 0;
  page.on("request", (request) => {
    if (request.isNavigationRequest() && request.frame() === page.mainFrame()) loads++;
  });
  await playground.open({ steps: 5 }, "wasm");
  expect(loads).toBe(2);
  expect(await page.evaluate(() => crossOriginIsolated)).toBe(true);
  expect((await playground.snapshot()).backend?.adapter).toMatch(/[2-9] threads/);
  await playground.click("start");
  expect((await playground.untilRun("ended")).run.end).toEqual({ kind: "finished" });

  await untilKept(playground);
  await page.reload();
  expect(loads).toBe(3);
  await site.close();
  await page.reload();
  await playground.until(({ backend }) => backend !== null);
  expect(await page.evaluate(() => crossOriginIsolated)).toBe(true);
  expect((await playground.snapshot()).backend?.adapter).toMatch(/[2-9] threads/);
  await playground.click("start");
  expect((await playground.untilRun("ended")).run.end).toEqual({ kind: "finished" });
  expect(playground.faults).toEqual([]);

  // What is kept is shown, and goes at a click; the page needs the network then.
  await playground.click("backend-badge");
  await page.getByTestId("forget-everything").click();
  await expect(page.getByTestId("kept-on-machine")).toContainText("0 B of the page");
  expect(await page.evaluate(() => caches.keys())).toEqual([]);
  await context.close();
});

test("workers are bound by policies that the service worker sends", async ({ browser }) => {
  const hub = await startHub();
  const { playground, page, context } = await newVisitor(browser);
  await playground.open({}, "wasm");
  playground.allowed.add(hub.url);
  await playground.station("data");
  await page.getByTestId("data-web").locator("summary").first().click();
  await page.getByTestId("data-address").fill(`${hub.url}/plain/bytes-1000.zip`);
  await page.getByTestId("data-look-up").click();
  await expect(page.getByTestId("web-data-found")).toContainText("bytes-1000.zip");

  const reached = async (script: string): Promise<boolean> => {
    const worker = page.workers().find((one) => one.url().includes(`/${script}-`));
    if (worker === undefined) throw new Error(`there is no worker ${script}`);
    return worker.evaluate(
      (url) =>
        fetch(url).then(
          () => true,
          () => false,
        ),
      `${hub.url}/plain/bytes-9.bin`,
    );
  };
  expect(await reached("downloadWorker")).toBe(true);
  expect(await reached("entry")).toBe(false);
  await context.close();
  await hub.close();
});

test("an update that comes during a run is offered after it, and the old version works until then", async ({
  browser,
}) => {
  const { playground, page, context } = await newVisitor(browser);
  await playground.open({ steps: 0, epochs: 500 }, "wasm");
  await untilKept(playground);
  await playground.click("start");
  await playground.until(({ run }) => run.state === "running" && run.step >= 1);

  const gone = await publishUpdate(folder, "The new version");
  expect((await fetch(`${site.url}${gone}`)).status).toBe(404);
  // As when the visitor comes back to the tab.
  await page.evaluate(() => document.dispatchEvent(new Event("visibilitychange")));
  await expect
    .poll(() =>
      page.evaluate(async () => (await navigator.serviceWorker.getRegistration())?.waiting?.state ?? ""),
    )
    .toBe("installed");
  const { run } = await playground.snapshot();
  expect(run.state).toBe("running");
  await expect(page.getByTestId("takeUpdate")).toHaveCount(0);

  // A program of the old version that the host has no more.
  await playground.click("view-runs");
  await expect(page.getByRole("tabpanel")).toContainText(/run/i);
  await playground.click("view-train");
  await playground.until((snapshot) => snapshot.run.step > run.step);

  // Another tab of the old version, opened in between.
  const other = await context.newPage();
  await other.goto(site.url);
  await expect(other).toHaveTitle("DisCo Playground");

  await playground.click("stop");
  await playground.untilRun("ended");
  await expect(page.getByTestId("takeUpdate")).toBeVisible();
  await page.screenshot({ path: "test-results/any-host-update.png" });
  await playground.click("takeUpdate");
  // The old version first ends what the other tab asked of it.
  await expect(page.locator('script[src*="Updated1.js"]')).toBeAttached({ timeout: 90_000 });
  await playground.until(({ backend }) => backend !== null);

  // The other tab goes on with its own programs; when it is closed they go.
  await other.getByTestId("view-runs").click();
  await expect(other.getByRole("tabpanel")).toContainText(/run/i);
  const versions = (): Promise<number> => page.evaluate(async () => (await caches.keys()).length);
  expect(await versions()).toBe(2);
  await other.close();
  await page.reload();
  await playground.until(({ backend }) => backend !== null);
  await expect.poll(versions).toBe(1);
  await playground.click("view-runs");
  await expect(page.getByRole("tabpanel")).toContainText(/run/i);
  expect(playground.faults).toEqual([]);
  await context.close();
});

test("a half-published update is not taken", async ({ browser }) => {
  const { playground, page, context } = await newVisitor(browser);
  await playground.open({}, "wasm");
  await untilKept(playground);
  await publishUpdate(folder, "The new version");
  rmSync(join(folder, "assets", "RunsView-Updated1.js")); // on its way; what is as it was need not be fetched
  sent.length = 0;
  const isWaiting = await page.evaluate(async () => {
    const registration = (await navigator.serviceWorker.getRegistration())!;
    await registration.update().catch(() => undefined);
    while (registration.installing !== null) await new Promise((resolve) => setTimeout(resolve, 100));
    return registration.waiting !== null;
  });
  expect(sent).toContain(`${mount}serviceWorker.js`);
  expect(isWaiting).toBe(false);
  playground.faults.length = 0; // the browser tells of the file that is not there
  await page.reload();
  await playground.until(({ backend }) => backend !== null);
  await playground.click("start");
  await playground.until(({ run }) => run.step >= 1);
  await context.close();
});

test("where there are no service workers the page works, and says what is slower", async ({ browser }) => {
  const { playground, page, context } = await newVisitor(browser, site.url, { serviceWorkers: "block" });
  await playground.open({ steps: 2 }, "wasm");
  expect(await page.evaluate(() => crossOriginIsolated)).toBe(false);
  await playground.click("backend-badge");
  await expect(page.getByTestId("not-isolated")).toContainText("one thread");
  await playground.click("start");
  expect((await playground.untilRun("ended")).run.end).toEqual({ kind: "finished" });
  await context.close();
});

test("without encryption too", async () => {
  const { args, ...rest } = chromiumLaunchOptions({ webgpu: "software" });
  const browser = await chromium.launch({
    ...rest,
    args: [...args, "--host-resolver-rules=MAP plain.example 127.0.0.1"],
  });
  const url = site.url.replace("127.0.0.1", "plain.example");
  const { playground, page } = await newVisitor(browser, url);
  await playground.open({ steps: 2 }, "wasm");
  expect(await page.evaluate(() => isSecureContext)).toBe(false);
  await playground.click("backend-badge");
  await expect(page.getByTestId("not-isolated")).toContainText("https");
  await playground.click("start");
  expect((await playground.untilRun("ended")).run.end).toEqual({ kind: "finished" });
  expect(playground.faults).toEqual([]);
  await browser.close();
});

test("in a frame of another site there is the embedded view, with what was left in", async ({ browser }) => {
  const outside = mkdtempSync(join(tmpdir(), "article-"));
  const link =
    "v=2&seed=3&imageSize=16&studentWidth=4&batchSize=8&queueSize=32&teacherInputSize=8&backend=wasm";
  writeFileSync(
    join(outside, "index.html"),
    `<h1>An article</h1><iframe width="480" height="360" src="${site.url}?embed=start,pause,width#${link}"></iframe>`,
  );
  writeFileSync(join(outside, "bare.html"), `<iframe width="480" height="360" src="${site.url}"></iframe>`);
  const article = await servePages({ folder: outside });
  const { page, context } = await newVisitor(browser, article.url);
  await page.goto(article.url);
  const frame = page.frameLocator("iframe");
  await frame.getByTestId("start").click();
  await expect(frame.getByTestId("run-progress")).toContainText(/step [1-9]/);
  await expect(frame.locator("[data-setting=hiddenWidth]")).toBeDisabled();
  await expect(frame.getByTestId("folder-input")).toHaveCount(0);
  await expect(frame.getByTestId("stop")).toHaveCount(0);
  // Of everything that is shown nothing is cut off.
  const overflow = await frame
    .locator("html")
    .evaluate((html) => [html.scrollWidth - html.clientWidth, html.scrollHeight - html.clientHeight]);
  expect(overflow).toEqual([0, 0]);
  await page.locator("iframe").screenshot({ path: "test-results/any-host-embed.png" });
  await frame.getByTestId("pause").click();
  await expect(frame.getByTestId("start")).toHaveText("Go on");
  const [full] = await Promise.all([context.waitForEvent("page"), frame.getByTestId("full-page").click()]);
  await expect(full.getByTestId("station-data")).toBeVisible();
  expect(new URL(full.url()).hash).toContain("seed=3");
  expect(new URL(full.url()).search).toBe("");

  // The full page takes files and downloads on a click, so no other site gets it into a frame: who has been on it is shown
  // nothing there, by the service worker's word, and who has not the embedded view.
  await page.goto(`${article.url}bare.html`);
  await expect(page.frameLocator("iframe").locator("body")).not.toContainText("DisCo");
  await context.close();
  const stranger = await newVisitor(browser, article.url);
  await stranger.page.goto(`${article.url}bare.html`);
  await expect(stranger.page.frameLocator("iframe").getByTestId("embed")).toBeVisible();
  await expect(stranger.page.frameLocator("iframe").getByTestId("folder-input")).toHaveCount(0);
  await stranger.context.close();
  await article.close();
  rmSync(outside, { recursive: true });
});

test("an address that is none is answered with the way to the page", async ({ browser }) => {
  const { page, context } = await newVisitor(browser);
  const response = await page.goto(`${site.url}nothing`);
  expect(response?.status()).toBe(404);
  await page.getByRole("link").click();
  await expect(page.getByTestId("start")).toBeVisible();
  await context.close();
});
