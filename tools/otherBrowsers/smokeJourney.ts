/** Open, train the demo on WASM, pause, reload, follow a link, and once more without a network: in any browser. */
import { defaultConfig, type Config } from "../../src/contract/config.ts";
import { formatLink } from "../../src/page/commands/shareLink.ts";
import type { PlaygroundSnapshot } from "../../src/page/shell/automation.ts";
import { servePages } from "../pagesServer.ts";
import type { DrivenBrowser } from "./drivenBrowser.ts";

const mount = "/some/where/";
const limitMs = 60_000;
const tiny: Config = {
  ...defaultConfig,
  imageSize: 16,
  studentWidth: 4,
  hiddenWidth: 32,
  batchSize: 8,
  queueSize: 32,
  evaluateEvery: 0,
  evaluationImages: 20,
  teacherInputSize: 8,
  steps: 2000,
};

interface SmokeTest {
  readonly name: string;
  /** Why it failed; null when it passed. */
  readonly problem: string | null;
}

export interface SmokeResult {
  readonly tests: readonly SmokeTest[];
  /** What this browser has and has not, in words. */
  readonly facts: readonly string[];
}

export async function smokeJourney(browser: DrivenBrowser, folder: string): Promise<SmokeResult> {
  const tests: SmokeTest[] = [];
  const facts: string[] = [];
  const test = async (name: string, act: () => Promise<void>): Promise<void> => {
    const problem = await act().then(
      () => null,
      (error: unknown) => (error instanceof Error ? error.message : String(error)),
    );
    tests.push({ name, problem });
    console.log(`  ${problem === null ? "✓" : "✗"} ${name}${problem === null ? "" : `\n    ${problem}`}`);
  };
  let site = await servePages({ folder, mount });
  const port = Number(new URL(site.url).port);
  const page = new Tab(browser);
  try {
    await test("opens on a plain host, and is isolated if it may be", async () => {
      await page.open(site.url, formatLink(tiny, "wasm"));
      const has = (await browser.evaluate(`({
        isolated: crossOriginIsolated,
        worker: "serviceWorker" in navigator,
        gpu: "gpu" in navigator,
        files: typeof navigator.storage?.getDirectory === "function",
      })`)) as Readonly<Record<"isolated" | "worker" | "gpu" | "files", boolean>>;
      const { backend } = await page.snapshot();
      facts.push(`WASM on ${backend?.adapter ?? "nothing"}`);
      for (const [name, isThere] of Object.entries(has)) facts.push(`${name}: ${isThere ? "yes" : "no"}`);
      if (has.worker) equal(has.isolated, true, "cross-origin isolated");
    });
    await test("trains the demo on WASM, pauses and goes on", async () => {
      equal((await page.snapshot()).backend?.chosen, "wasm", "backend");
      await browser.click("start");
      await page.until("two steps", ({ run }) => run.state === "running" && run.step >= 2);
      await browser.click("pause");
      const { step } = (await page.until("a pause", ({ run }) => run.state === "paused")).run;
      await wait(1500);
      equal((await page.snapshot()).run.step, step, "step after a pause");
      await browser.click("start");
      const { run } = await page.until("a further step", (now) => now.run.step > step);
      if (!Number.isFinite(run.last?.loss)) throw new Error(`the loss is ${run.last?.loss}`);
      await browser.click("stop");
      await page.until("the end", (now) => now.run.state === "ended");
    });
    await test("reloads with its settings", async () => {
      await page.reload();
      await page.expectText("station-training", "of 8 ");
    });
    await test("follows a link, which starts nothing", async () => {
      await page.open(site.url, formatLink({ ...tiny, batchSize: 12, steps: 3 }, "wasm"));
      await page.expectText("station-training", "3 steps of 12 ");
      equal((await page.snapshot()).run.state, "idle", "state");
    });
    await test("opens and trains without a network", async () => {
      await browser.click("backend-badge");
      await page.expectText("kept-on-machine", "opens without a network");
      await site.close();
      await page.reload();
      await browser.click("start");
      const { run } = await page.until("the end", (now) => now.run.state === "ended");
      equal(run.end?.kind, "finished", "end");
      site = await servePages({ folder, mount, port });
    });
  } finally {
    await site.close();
  }
  return { tests, facts };
}

class Tab {
  constructor(private readonly browser: DrivenBrowser) {}

  async open(url: string, link: string): Promise<void> {
    // Under an address with the same path only the part after # would change, without loading anything.
    await this.browser.open("about:blank");
    await this.browser.open(`${url}#${link}`);
    await this.#ready();
  }

  async reload(): Promise<void> {
    await this.browser.evaluate("(window.leaving = true, setTimeout(() => location.reload(), 50), null)");
    await this.#poll("the page, reloaded", () =>
      this.browser.evaluate("window.leaving === undefined && document.readyState === 'complete'"),
    );
    await this.#ready();
  }

  async snapshot(): Promise<PlaygroundSnapshot> {
    const snapshot = await this.#look();
    if (snapshot === null) throw new Error("the page is not there");
    return snapshot;
  }

  async until(what: string, done: (snapshot: PlaygroundSnapshot) => boolean): Promise<PlaygroundSnapshot> {
    let last: PlaygroundSnapshot | null = null;
    try {
      await this.#poll(what, async () => (last = await this.#look()) !== null && done(last));
    } catch (error) {
      throw new Error(`${(error as Error).message}; last ${JSON.stringify(last)}`, { cause: error });
    }
    return last!;
  }

  async expectText(testId: string, text: string): Promise<void> {
    const expression = `document.querySelector('[data-testid="${testId}"]')?.textContent ?? ""`;
    await this.#poll(`“${text}” in ${testId}`, async () =>
      String(await this.browser.evaluate(expression)).includes(text),
    );
  }

  async #ready(): Promise<void> {
    await this.until("a backend", ({ backend }) => backend !== null);
  }

  async #look(): Promise<PlaygroundSnapshot | null> {
    const text = await this.browser.evaluate("JSON.stringify(window.playground?.snapshot() ?? null)");
    return JSON.parse(String(text)) as PlaygroundSnapshot | null;
  }

  /** While a page is being replaced it cannot be asked. */
  async #poll(what: string, done: () => Promise<unknown>): Promise<void> {
    let fault = "";
    for (const endMs = Date.now() + limitMs; Date.now() < endMs;) {
      try {
        if ((await done()) === true) return;
        fault = "";
      } catch (error) {
        fault = `: ${String(error)}`;
      }
      await wait(200);
    }
    throw new Error(`${what} did not come within ${limitMs / 1000} s${fault}`);
  }
}

function equal(found: unknown, expected: unknown, what: string): void {
  if (found !== expected) throw new Error(`${what} is ${String(found)}, not ${String(expected)}`);
}

function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
