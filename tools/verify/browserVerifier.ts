import { readFileSync } from "node:fs";
import { join, normalize, relative, sep } from "node:path";
import { chromium, type Browser, type Page } from "playwright";
import { createServer, type Plugin, type ViteDevServer } from "vite";
import type { BackendName } from "../../src/contract/backend.ts";
import type { CheckRow } from "../../verify/checkRow.ts";
import { chromiumLaunchOptions, ensureChromium, type WebGpuMode } from "../browser.ts";

const fixturesAddress = "/verify-fixtures/";
const repository = join(import.meta.dirname, "../..");

/** A browser page that compares fixtures of one folder on one backend. */
export class BrowserVerifier {
  /** What computes: "SwiftShader (software)". */
  readonly adapter: string;
  private readonly folder: string;
  private readonly page: Page;
  private readonly close: () => Promise<void>;

  private constructor(folder: string, page: Page, adapter: string, close: () => Promise<void>) {
    this.folder = folder;
    this.page = page;
    this.adapter = adapter;
    this.close = close;
  }

  /** @throws Error when the browser or the backend does not start. */
  static async open(folder: string, backend: BackendName): Promise<BrowserVerifier> {
    ensureChromium();
    const server = await serve(folder);
    let browser: Browser | undefined;
    try {
      let attempt = await openPage(server, "hardware");
      browser = attempt.browser;
      // A GPU in software is good enough to compare numbers with.
      if (backend === "webgpu" && !(await hasWebGpu(attempt.page))) {
        await browser.close();
        attempt = await openPage(server, "software");
        browser = attempt.browser;
      }
      const { page } = attempt;
      const adapter = await page.evaluate((name) => window.verifyPage!.open(name), backend);
      return new BrowserVerifier(folder, page, adapter, async () => {
        await browser?.close();
        await server.close();
      });
    } catch (error) {
      await browser?.close();
      await server.close();
      throw error;
    }
  }

  async run(manifestPath: string, name: string): Promise<CheckRow[]> {
    const address =
      fixturesAddress + relative(this.folder, manifestPath).split(sep).map(encodeURIComponent).join("/");
    return this.page.evaluate(([at, title]) => window.verifyPage!.run(at, title), [address, name] as const);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

/** The repository's own sources by Vite, and the fixtures beside them. */
async function serve(folder: string): Promise<ViteDevServer> {
  const server = await createServer({
    root: repository,
    logLevel: "error",
    cacheDir: join(repository, "node_modules/.vite-verify"),
    plugins: [fixtureFiles(folder)],
    server: { port: 0, hmr: false, watch: null },
    optimizeDeps: {
      entries: ["tools/verify/index.html"],
      include: ["@tensorflow/tfjs", "@tensorflow/tfjs-backend-wasm", "@tensorflow/tfjs-backend-webgpu"],
    },
  });
  return server.listen();
}

function fixtureFiles(folder: string): Plugin {
  return {
    name: "fixture-files",
    configureServer: ({ middlewares }) => {
      middlewares.use(fixturesAddress, (request, response) => {
        const asked = decodeURIComponent((request.url ?? "/").replace(/[?#].*$/, ""));
        const path = normalize(join(folder, asked));
        try {
          if (!path.startsWith(normalize(folder) + sep)) throw new Error("outside the folder");
          response.setHeader("Content-Type", "application/octet-stream");
          response.end(readFileSync(path));
        } catch {
          response.statusCode = 404;
          response.end();
        }
      });
    },
  };
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
  await page.goto(`${address}tools/verify/index.html`);
  await page.waitForFunction(() => window.verifyPage !== undefined, undefined, { timeout: 120_000 });
  return { browser, page };
}

async function hasWebGpu(page: Page): Promise<boolean> {
  return page.evaluate(async () => (await navigator.gpu.requestAdapter()) !== null);
}
