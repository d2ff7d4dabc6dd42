import type { BrowserContext, Page, Worker } from "playwright";
import type { BackendChoice } from "../../src/contract/backend.ts";
import type { Config } from "../../src/contract/config.ts";
import { formatLink } from "../../src/page/commands/shareLink.ts";
import type { PlaygroundSnapshot } from "../../src/page/shell/automation.ts";

const pollMs = 50;

/** The playground in a tab, as a visitor has it, for runs that are broken off in every way there is. */
export class SoakTab {
  private constructor(
    readonly page: Page,
    private readonly siteUrl: string,
    readonly faults: string[],
  ) {}

  /** @param keepEverySeconds so often is a run kept, so that there is something to lose. */
  static async open(context: BrowserContext, siteUrl: string, keepEverySeconds = 1): Promise<SoakTab> {
    const page = await context.newPage();
    const faults: string[] = [];
    page.on("pageerror", (error) => faults.push(error.message));
    await page.addInitScript((seconds) => {
      if (location.protocol !== "about:") localStorage.setItem("keep-every-seconds", String(seconds));
    }, keepEverySeconds);
    return new SoakTab(page, siteUrl, faults);
  }

  async visit(config: Config, backend: BackendChoice): Promise<void> {
    await this.page.goto("about:blank");
    await this.page.goto(`${this.siteUrl}#${formatLink(config, backend)}`);
    await this.until(({ backend: report }) => report !== null);
  }

  async snapshot(): Promise<PlaygroundSnapshot | null> {
    return this.page.evaluate(() => window.playground?.snapshot() ?? null);
  }

  async until(
    done: (snapshot: PlaygroundSnapshot) => boolean,
    limitMs = 300_000, // machines may be at other work
  ): Promise<PlaygroundSnapshot> {
    const deadline = Date.now() + limitMs;
    for (;;) {
      const snapshot = await this.snapshot().catch(() => null); // between two documents
      if (snapshot !== null && done(snapshot)) return snapshot;
      if (Date.now() > deadline) throw new Error(`Not reached in ${limitMs} ms; last: ${describe(snapshot)}`);
      await new Promise((resolve) => setTimeout(resolve, pollMs));
    }
  }

  async start(): Promise<string> {
    await this.page.getByTestId("start").click();
    const { run } = await this.until(({ run }) => run.state === "running" && run.step >= 1);
    return run.runId;
  }

  async continue(): Promise<void> {
    await this.page.getByTestId("continue-run").click();
    await this.until(({ run }) => run.state !== "idle");
  }

  untilEnded(limitMs?: number): Promise<PlaygroundSnapshot> {
    return this.until(({ run }) => run.state === "ended" && run.end?.kind !== "failed", limitMs);
  }

  keptStep(runId: string): Promise<number> {
    return keptStep(this.page, runId);
  }

  /** The metrics of a run that has ended, as they are on the disk. */
  keptMetrics(runId: string): Promise<number[]> {
    return this.page.evaluate(async (name) => {
      const root = await navigator.storage.getDirectory();
      const folder = await root.getDirectoryHandle("runs");
      const file = await (await folder.getFileHandle(name)).getFile();
      return [...new Float32Array(await file.arrayBuffer())];
    }, `${runId}.metrics`);
  }

  /** As if the browser had killed it. Resolves when the page has another. */
  async endEngine(): Promise<void> {
    const ended = this.engine;
    // After the answer to this, which is lost otherwise.
    await ended.evaluate(() => void setTimeout(() => self.close()));
    await this.until(() => ![undefined, ended].includes(this.engines.at(-1)));
  }

  /** The process that has the GPU, as by a driver's reset. */
  async crashGpu(): Promise<void> {
    const browser = this.page.context().browser();
    if (browser === null) throw new Error("no browser");
    const devtools = await browser.newBrowserCDPSession();
    await devtools.send("Browser.crashGpuProcess");
    await devtools.detach();
  }

  /** Oldest first: one that was ended may be listed for a while. */
  private get engines(): Worker[] {
    return this.page.workers().filter((worker) => /\/entry-[\w-]+\.js$/.test(worker.url()));
  }

  private get engine(): Worker {
    const found = this.engines.at(-1);
    if (found === undefined) throw new Error("the page has no engine");
    return found;
  }
}

function describe(snapshot: PlaygroundSnapshot | null): string {
  if (snapshot === null) return "no page";
  const { backend, run, notices } = snapshot;
  return JSON.stringify({ backend: backend?.chosen ?? null, run, notices }).slice(0, 2000);
}

/** The step of a run's last checkpoint on the disk; 0 before there is one. */
export function keptStep(page: Page, runId: string): Promise<number> {
  return page.evaluate(async (name) => {
    try {
      const root = await navigator.storage.getDirectory();
      const folder = await root.getDirectoryHandle("runs");
      const file = await (await folder.getFileHandle(name)).getFile();
      const manifest = JSON.parse(await file.text()) as { entries: { step: number }[] };
      return manifest.entries[0]?.step ?? 0;
    } catch {
      return 0;
    }
  }, `${runId}.checkpoint.json`);
}
