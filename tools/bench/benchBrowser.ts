import { join } from "node:path";
import { chromium, type Browser, type Page } from "playwright";
import { createServer, type ViteDevServer } from "vite";
import type { AdapterInfo } from "../../src/worker/engine/adapterInfo.ts";
import { chromiumLaunchOptions, ensureChromium, type WebGpuMode } from "../browser.ts";
import { inTime, type BenchHost, type RequestAnswer, type RequestBody } from "./benchHost.ts";
import type { WorkerKind, WorkerRequests } from "./page/workerMessages.ts";

const repository = join(import.meta.dirname, "../..");

/** A Chromium with the benchmark's page: on a GPU where there is one, else on an emulated one. */
export class BenchBrowser implements BenchHost {
  private constructor(
    readonly adapter: AdapterInfo,
    readonly version: string,
    readonly logicalCores: number,
    private readonly page: Page,
    private readonly close: () => Promise<void>,
  ) {}

  /** @throws Error when the browser or the page does not start. */
  static async open(): Promise<BenchBrowser> {
    ensureChromium();
    const server = await serveSources();
    let browser: Browser | undefined;
    try {
      let page: Page;
      let adapter: AdapterInfo | undefined;
      for (const mode of ["hardware", "software"] as const) {
        await browser?.close();
        ({ browser, page } = await openPage(server, mode));
        adapter = await page.evaluate(() => window.benchPage!.adapter());
        if (adapter.available && (mode === "software" || !adapter.software)) break;
      }
      const opened = browser!;
      const logicalCores = await page!.evaluate(() => navigator.hardwareConcurrency);
      return new BenchBrowser(adapter!, `Chromium ${opened.version()}`, logicalCores, page!, async () => {
        await opened.close();
        await server.close();
      });
    } catch (error) {
      await browser?.close();
      await server.close();
      throw error;
    }
  }

  async ask<K extends WorkerKind, N extends string & keyof WorkerRequests[K]>(
    kind: K,
    worker: string,
    name: N,
    body: RequestBody<K, N>,
  ): Promise<RequestAnswer<K, N>> {
    const answer = this.page.evaluate(
      (question) => window.benchPage!.ask(question.kind, question.worker, question.name, question.body),
      { kind, worker, name, body },
    );
    return (await inTime(answer)) as RequestAnswer<K, N>;
  }

  async end(worker: string): Promise<void> {
    await this.page.evaluate((name) => window.benchPage!.end(name), worker);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

/** The repository's own sources, by Vite. */
export async function serveSources(): Promise<ViteDevServer> {
  const server = await createServer({
    root: repository,
    logLevel: "error",
    cacheDir: join(repository, "node_modules/.vite-bench"),
    server: { port: 0, hmr: false, watch: null },
    optimizeDeps: {
      entries: ["tools/bench/page/index.html", "tools/bench/ingest/index.html"],
      include: [
        "@jax-js/jax",
        "@tensorflow/tfjs",
        "@tensorflow/tfjs-backend-wasm",
        "@tensorflow/tfjs-backend-webgpu",
      ],
    },
  });
  return server.listen();
}

async function openPage(
  server: ViteDevServer,
  webgpu: WebGpuMode,
): Promise<{ browser: Browser; page: Page }> {
  const browser = await chromium.launch(chromiumLaunchOptions({ webgpu }));
  const page = await browser.newPage();
  page.setDefaultTimeout(0);
  const address = server.resolvedUrls?.local[0];
  if (address === undefined) throw new Error("The server for the browser did not start.");
  await page.goto(`${address}tools/bench/page/index.html`);
  await page.waitForFunction(() => window.benchPage !== undefined, undefined, { timeout: 120_000 });
  return { browser, page };
}
