/** The page under test, watched all the time for what must never happen, whatever a spec does with it. */
import { test as base, expect, type Locator, type Page } from "@playwright/test";
import type { BackendChoice } from "../src/contract/backend.ts";
import { defaultConfig, type ConfigPatch, type SettingName } from "../src/contract/config.ts";
import type { MemoryReport } from "../src/contract/protocol.ts";
import type { PlaygroundSnapshot } from "../src/page/shell/automation.ts";
import { stationOf } from "../src/page/stations/stationSettings.ts";
import type { Station } from "../src/page/stores/stationStore.ts";
import { openStation } from "../tools/openStation.ts";
import { formatLink } from "../src/page/commands/shareLink.ts";

export { expect };

/** Small enough for a GPU in software: seconds a step, not minutes. */
const tinyConfig = {
  imageSize: 16,
  studentWidth: 4,
  hiddenWidth: 32,
  batchSize: 8,
  queueSize: 32,
  evaluateEvery: 0,
  evaluationImages: 20,
  teacherInputSize: 8, // the bundled teacher is a wide one
} as const satisfies ConfigPatch;

export class Playground {
  readonly page: Page;
  /** Console errors, uncaught exceptions, CSP violations and requests to anyone else. */
  readonly faults: string[] = [];
  /** Other origins that a spec lets the page read from. The console tells of their refusals too, and may. */
  readonly allowed = new Set<string>();

  constructor(page: Page, ownOrigin: string) {
    this.page = page;
    page.on("console", (message) => {
      const from = URL.parse(message.location().url)?.origin ?? "";
      const isRefusal = /Failed to load resource|blocked by CORS policy/.test(message.text());
      const isAllowed = [...this.allowed].some(
        (origin) => from === origin || message.text().includes(`'${origin}/`),
      );
      if (message.type() === "error" && !(isRefusal && isAllowed))
        this.faults.push(`console: ${message.text()}`);
    });
    page.on("pageerror", (error) => this.faults.push(`uncaught: ${error.message}`));
    page.on("crash", () => this.faults.push("the tab crashed"));
    page.on("request", (request) => {
      const url = new URL(request.url());
      if (
        url.protocol !== "blob:" &&
        url.protocol !== "data:" &&
        url.origin !== ownOrigin &&
        !this.allowed.has(url.origin)
      )
        this.faults.push(`request to ${url.href}`);
    });
  }

  /** Opens the page as a link would, by default on WebGPU with tiny settings. */
  async open(patch: ConfigPatch = {}, backend: BackendChoice = "webgpu"): Promise<void> {
    await this.openHash(formatLink({ ...defaultConfig, ...tinyConfig, ...patch }, backend));
  }

  async openHash(hash: string): Promise<void> {
    // Under an address with the same path, only the part after # would change, without loading anything.
    await this.page.goto("about:blank");
    await this.page.goto(hash === "" ? "./" : `./#${hash}`);
    await this.until((snapshot) => snapshot.backend !== null);
  }

  async snapshot(): Promise<PlaygroundSnapshot> {
    const snapshot = await this.page.evaluate(() => window.playground?.snapshot() ?? null);
    if (snapshot === null) throw new Error("window.playground is not there");
    return snapshot;
  }

  async memory(): Promise<MemoryReport> {
    const memory = await this.page.evaluate(() => window.playground?.memory());
    if (memory === undefined) throw new Error("window.playground is not there");
    return memory;
  }

  /** Waits until the page is in a state, and returns it. */
  async until(
    done: (snapshot: PlaygroundSnapshot) => boolean,
    timeoutMs = 90_000,
  ): Promise<PlaygroundSnapshot> {
    const deadline = Date.now() + timeoutMs;
    for (;;) {
      // The handle is there once the page's script has run, which may reload the page first.
      const snapshot = await this.page
        .evaluate(() => window.playground?.snapshot() ?? null)
        .catch((error: unknown) => {
          if (String(error).includes("context was destroyed")) return null;
          throw error;
        });
      if (snapshot !== null && done(snapshot)) return snapshot;
      if (Date.now() > deadline)
        throw new Error(`Not reached in ${timeoutMs} ms; last: ${JSON.stringify(snapshot)}`);
      await this.page.waitForTimeout(100);
    }
  }

  /** Waits for a run state. Clicking Start also makes images and teacher ready first. */
  untilRun(state: PlaygroundSnapshot["run"]["state"], timeoutMs = 90_000): Promise<PlaygroundSnapshot> {
    return this.until((snapshot) => snapshot.run.state === state, timeoutMs);
  }

  async click(testId: string): Promise<void> {
    await this.page.getByTestId(testId).click();
  }

  /** Opens the settings of a station. */
  async station(station: Station): Promise<void> {
    await openStation(this.page, station);
  }

  /** The box with a setting's number, where its station is open. */
  async number(name: SettingName): Promise<Locator> {
    await this.station(stationOf(name));
    const box = this.page.locator(`[data-setting=${name}] input[type=number]`);
    if (!(await box.isVisible()))
      await this.page.getByTestId("all-settings").locator("summary").first().click();
    return box;
  }

  /** A real drag from outside the browser, folder included, dropped on the drop zone. */
  async dropFromDesktop(path: string): Promise<void> {
    const zone = this.page.getByTestId("diagram"); // or anywhere else on the page
    await zone.scrollIntoViewIfNeeded();
    const box = await zone.boundingBox();
    if (box === null) throw new Error("the drop zone cannot be seen");
    const devtools = await this.page.context().newCDPSession(this.page);
    for (const type of ["dragEnter", "dragOver", "drop"] as const) {
      await devtools.send("Input.dispatchDragEvent", {
        type,
        x: box.x + box.width / 2,
        y: box.y + box.height / 2,
        data: { items: [], files: [path], dragOperationsMask: 1 },
      });
    }
    await devtools.detach();
  }
}

/** Adds `playground`, and fails any spec during which the page misbehaved. */
export const test = base.extend<{ playground: Playground }>({
  playground: async ({ page, baseURL }, use) => {
    if (baseURL === undefined) throw new Error("the global setup did not serve the build");
    const playground = new Playground(page, new URL(baseURL).origin);
    await use(playground);
    expect(playground.faults).toEqual([]);
  },
});
