import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, extname, join } from "node:path";
import type { Page } from "@playwright/test";
import type { ExportCheck } from "../src/contract/studentExport.ts";
import { openZip, writeZip } from "../src/formats/zip.ts";
import { inRunMenu } from "../tools/runMenu.ts";
import { bytesOf, textOf } from "./downloads.ts";
import { expect, test } from "./playground.ts";
import { createPictureFolder, type TestFolder } from "./testImages.ts";

let pictures: TestFolder;
test.beforeAll(() => {
  pictures = createPictureFolder();
});
test.afterAll(() => pictures.remove());

const require = createRequire(import.meta.url);
const transformersFolder = dirname(require.resolve("@huggingface/transformers"));
/** Where the pages in the zip load their libraries from, and where those lie here. */
const libraries: readonly (readonly [RegExp, (path: string) => string])[] = [
  [/^\/npm\/@tensorflow\/tfjs@[^/]+\/(.*)$/, (path) => join("node_modules/@tensorflow/tfjs", path)],
  [/^\/npm\/@huggingface\/transformers@[^/]+$/, () => join(transformersFolder, "transformers.min.js")],
  [/^\/npm\/onnxruntime-web@[^/]+\/(.*)$/, onnxRuntimeOf],
];
const types: Readonly<Record<string, string>> = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".mjs": "text/javascript",
  ".json": "application/json",
  ".wasm": "application/wasm",
};

/** transformers.js has a version of its own. */
function onnxRuntimeOf(path: string): string {
  const nested = join(transformersFolder, "../node_modules/onnxruntime-web", path);
  return existsSync(nested) ? nested : join("node_modules/onnxruntime-web", path);
}

test("a student comes out tried, and its own pages find the most similar pictures with it", async ({
  playground,
  context,
}) => {
  const { page } = playground;
  await playground.open({ student: "resnet9", method: "mocov2", steps: 3, data: "own" }, "wasm");
  await page.getByTestId("folder-input").setInputFiles(pictures.path);
  await playground.until((snapshot) => snapshot.dataset?.kind === "own");
  await playground.click("start");
  await playground.untilRun("ended");

  const zipDownload = page.waitForEvent("download", { timeout: 200_000 });
  await playground.click("export-zip");
  const zip = await bytesOf(await zipDownload);
  await expect(page.getByTestId("export-checks").locator("tbody tr")).toHaveCount(4);
  const files = new Map<string, Buffer>();
  for (const { path, read } of (await openZip(new Uint8Array(zip))).entries)
    files.set(path, Buffer.from(await read()));
  expect([...files.keys()]).toEqual(
    expect.arrayContaining(["README.md", "model.safetensors", "model.onnx", "model-uint8.onnx", "load.py"]),
  );
  const certificate = JSON.parse(files.get("certificate.json")!.toString("utf8")) as {
    checks: ExportCheck[];
  };
  expect(certificate.checks.map(({ agrees }) => agrees)).toEqual([true, true, true, true]);

  for (const folder of ["tfjs", "transformersjs"]) {
    const visitor = await context.newPage();
    await serveZip(visitor, files);
    await visitor.goto(`http://localhost:9/${folder}/index.html`);
    await expect(visitor.getByRole("status")).toHaveText("Ready: choose pictures.", { timeout: 100_000 });
    await visitor.getByLabel("Pictures").setInputFiles(
      [0, 1, 2].map((i) => ({
        name: `${i}.png`,
        mimeType: "image/png",
        buffer: files.get("example.png")!,
      })),
    );
    // The same picture three times: as alike as can be.
    await expect(visitor.locator("#pictures li")).toHaveText(["1.000", "1.000", "1.000"], {
      timeout: 60_000,
    });
    await visitor.close();
  }
});

test("what the student makes of every image comes out by name, and the run as a report", async ({
  playground,
}) => {
  const { page } = playground;
  await playground.open({ method: "mocov2", steps: 3, data: "own" }, "wasm");
  await page.getByTestId("folder-input").setInputFiles(pictures.path);
  const { dataset } = await playground.until((snapshot) => snapshot.dataset?.kind === "own");
  await playground.click("start");
  await playground.untilRun("ended");

  const zipDownload = page.waitForEvent("download");
  await playground.click("export-embeddings");
  const zip = await bytesOf(await zipDownload);
  const { entries } = await openZip(new Uint8Array(zip));
  const names = entries.find(({ path }) => path === "names.csv")!;
  const rows = new TextDecoder()
    .decode(await names.read())
    .trim()
    .split("\n");
  expect(rows).toHaveLength(1 + (dataset?.count ?? 0));

  const reportDownload = page.waitForEvent("download");
  await playground.click("export-report");
  const report = await textOf(await reportDownload);
  expect(report).toContain("What was trained");
  expect(report).toContain("<svg");
  expect(report).not.toContain("<script");
});

test("a run goes out for PyTorch, and what comes back goes on where it stood", async ({ playground }) => {
  const { page } = playground;
  await playground.open({ method: "mocov2", steps: 4, evaluateEvery: 0, data: "own" }, "wasm");
  await page.getByTestId("folder-input").setInputFiles(pictures.path);
  await playground.until((snapshot) => snapshot.dataset?.kind === "own");
  await playground.click("start");
  await playground.untilRun("ended");

  const zipDownload = page.waitForEvent("download");
  await playground.click("export-cluster");
  const files = new Map<string, Uint8Array<ArrayBuffer>>();
  for (const { path, read } of (await openZip(new Uint8Array(await bytesOf(await zipDownload)))).entries)
    files.set(path, await read());
  expect([...files.keys()]).toEqual(
    expect.arrayContaining(["README.md", "continue.py", "checkpoint.safetensors", "networks.json"]),
  );
  const heldOut = JSON.parse(new TextDecoder().decode(files.get("held_out.json"))) as string[];
  expect(heldOut.length).toBeGreaterThan(0);

  // As the script writes it back, without a step of its own.
  const metricsDownload = page.waitForEvent("download");
  await playground.click("export-metrics");
  files.set("metrics.csv", new Uint8Array(await bytesOf(await metricsDownload)));
  const bundle = ["run.json", "about.json", "metrics.csv", "checkpoint.safetensors"];
  const zip = await writeZip(bundle.map((path) => ({ path, bytes: files.get(path)! })));
  await playground.click("view-runs");
  const rows = page.getByTestId("run-history").locator("tbody tr");
  const before = await rows.count();
  await page
    .getByTestId("bundle-input")
    .setInputFiles({ name: "run.zip", mimeType: "application/zip", buffer: Buffer.from(zip) });
  await expect(rows).toHaveCount(before + 1);
  await (await inRunMenu(rows.first(), /epochs more$/)).click();
  await playground.until(({ run }) => run.state === "running" || (run.plan?.totalSteps ?? 0) > 4);
  await playground.until(({ run }) => run.step > 4);
});

/** The zip's files under an address of their own, and the libraries' public network from the packages here. */
async function serveZip(page: Page, files: ReadonlyMap<string, Buffer>): Promise<void> {
  await page.route("http://localhost:9/**", (route) => {
    const path = new URL(route.request().url()).pathname.slice(1);
    const body = files.get(path);
    return body === undefined
      ? route.fulfill({ status: 404 })
      : route.fulfill({ body, contentType: types[extname(path)] ?? "application/octet-stream" });
  });
  await page.route("https://cdn.jsdelivr.net/**", (route) => {
    const { pathname } = new URL(route.request().url());
    for (const [pattern, locate] of libraries) {
      const found = pattern.exec(pathname);
      if (found === null) continue;
      const path = locate(found[1] ?? "");
      return route.fulfill({
        body: readFileSync(path),
        contentType: types[extname(path)] ?? "application/octet-stream",
        headers: { "Access-Control-Allow-Origin": "*" },
      });
    }
    return route.fulfill({ status: 404 });
  });
}
