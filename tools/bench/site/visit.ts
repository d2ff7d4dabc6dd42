/** A visit to the playground, in stages; what its main thread does in each is recorded. */
import { stations } from "../../../src/page/stations/stationSettings.ts";
import { openStation } from "../../openStation.ts";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright";
import { metricColumns } from "../../../src/contract/metrics.ts";
import { writeSafetensors } from "../../../src/formats/safetensors.ts";
import type { PlaygroundSnapshot } from "../../../src/page/shell/automation.ts";
import { mainTasks, traceCategories, type MainTask, type TraceEvent } from "./trace.ts";
import { watchPageScript } from "./watchPage.ts";

interface Stage {
  readonly name: string;
  readonly seconds: number;
  /** Turns of the main thread's event loop of a millisecond or more. */
  readonly tasks: readonly MainTask[];
  /** Training images taken in per second, over the steps of this stage; null when there were none. */
  readonly imagesPerSecond: number | null;
}

export interface VisitTimes {
  readonly firstPaintMs: number | null;
  readonly firstContentfulPaintMs: number | null;
  readonly interactiveMs: number | null;
  readonly engineAskedMs: number | null;
  readonly backendMs: number;
  readonly layoutShift: number;
  /** From the click on Start. */
  readonly firstLossMs: number;
  readonly firstEvaluationMs: number;
  readonly backend: string;
}

export interface Visit {
  readonly times: VisitTimes;
  readonly stages: readonly Stage[];
}

const manySteps = 100_000;
const manyImages = 1000;
const manyTensors = 5000;

/** @throws Error when the page does not get where it should. */
export async function visitPage(browser: Browser, url: string, log: (line: string) => void): Promise<Visit> {
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  const files = mkdtempSync(join(tmpdir(), "playground-bench-"));
  try {
    return await new Visitor(browser, page, url, files, log).visit();
  } finally {
    rmSync(files, { recursive: true, force: true });
    await page.close();
  }
}

class Visitor {
  readonly #stages: Stage[] = [];

  constructor(
    private readonly browser: Browser,
    private readonly page: Page,
    private readonly url: string,
    private readonly files: string,
    private readonly log: (line: string) => void,
  ) {}

  async visit(): Promise<Visit> {
    const { page } = this;
    await page.addInitScript({ content: watchPageScript(metricColumns) });
    await this.#stage("first load", async () => {
      await page.goto(this.url);
      await this.#until(({ backend }) => backend !== null);
    });
    const backendMs = await page.evaluate(() => performance.now());
    const loaded = await page.evaluate(() => structuredClone({ ...window.pageWatch!, addSteps: null }));
    const { backend } = await this.#snapshot();

    const startedMs = await page.evaluate(() => performance.now());
    await this.#stage("start of the demo", async () => {
      await page.getByTestId("start").click();
      await this.#until(({ run }) => run.step > 0 && run.baseline !== null && run.evaluations.length > 0);
    });
    const firstEvents = await page.evaluate(() => window.pageWatch!.firstEventMs);
    await this.#stage("training", () => page.waitForTimeout(8000));
    await page.evaluate((count) => window.pageWatch!.addSteps(count), manySteps);
    await page.waitForTimeout(1000);
    await this.#stage(`training after ${manySteps} steps`, () => page.waitForTimeout(8000));
    await this.#stage("charts turned and zoomed", () => this.#useCharts());
    await this.#stage("values as files", async () => {
      await page.getByTestId("more-curves").locator("summary").first().click();
      for (const chart of ["losses", "cosine"])
        await this.#download(page.getByTestId(`chart-${chart}`).getByRole("button", { name: /^CSV/ }));
      await this.#download(page.getByTestId("export-metrics"));
    });
    await this.#stage("settings of every station opened", () => this.#openStations());
    await page.getByTestId("stop").click();
    await this.#until(({ run }) => run.state === "ended");

    const dropped = await this.#writePictures();
    const chosen = join(this.files, "chosen");
    cpSync(dropped, chosen, { recursive: true });
    await this.#stage(`a folder of ${manyImages} pictures dropped`, async () => {
      await this.#drop(dropped);
      await this.#until(({ dataset }) => dataset?.name === "dropped");
    });
    await this.#stage(`a folder of ${manyImages} pictures chosen`, async () => {
      await page.getByTestId("folder-input").setInputFiles(chosen);
      await this.#until(({ dataset }) => dataset?.name === "chosen");
    });
    const teacher = join(this.files, "large.safetensors");
    writeFileSync(teacher, manyTensorsFile());
    await this.#stage(`a teacher's ${manyTensors} tensors`, () => this.#inspectTeacher(teacher));

    return {
      times: {
        firstPaintMs: loaded.firstPaintMs,
        firstContentfulPaintMs: loaded.firstContentfulPaintMs,
        interactiveMs: loaded.interactiveMs,
        engineAskedMs: loaded.engineAskedMs,
        backendMs,
        layoutShift: loaded.layoutShift,
        firstLossMs: (firstEvents["metrics"] ?? NaN) - startedMs,
        firstEvaluationMs: (firstEvents["evaluation"] ?? NaN) - startedMs,
        backend: `${backend?.chosen ?? ""}, ${backend?.adapter ?? ""}`,
      },
      stages: this.#stages,
    };
  }

  async #stage(name: string, act: () => Promise<void>): Promise<void> {
    await this.browser.startTracing(this.page, { categories: traceCategories });
    const before = await this.#trained();
    const startMs = performance.now();
    await act();
    const after = await this.#trained();
    const seconds = (performance.now() - startMs) / 1000;
    const trace = await this.browser.stopTracing();
    const { traceEvents } = JSON.parse(trace.toString("utf8")) as { traceEvents: TraceEvent[] };
    const tasks = mainTasks(traceEvents, 1);
    const steps = after.step - before.step;
    const imagesPerSecond = steps > 0 ? (after.batch * steps) / seconds : null;
    this.#stages.push({ name, seconds, tasks, imagesPerSecond });
    this.log(`${name}: ${seconds.toFixed(1)} s`);
  }

  async #trained(): Promise<{ readonly step: number; readonly batch: number }> {
    const snapshot = await this.page.evaluate(() => window.playground?.snapshot() ?? null);
    return { step: snapshot?.run.step ?? 0, batch: snapshot?.run.plan?.config.batchSize ?? 0 };
  }

  async #useCharts(): Promise<void> {
    const { page } = this;
    for (const unit of ["epoch", "seconds", "step"]) {
      await page.getByTestId("x-unit").selectOption(unit);
      await page.waitForTimeout(500);
    }
    const smoothing = page.getByLabel("Smoothing");
    await smoothing.focus();
    for (let i = 0; i < 5; i++) await smoothing.press("ArrowRight");
    const losses = page.getByTestId("chart-losses");
    const plot = await losses.locator(".u-over").boundingBox();
    if (plot === null) throw new Error("the chart of losses cannot be seen");
    const y = plot.y + plot.height / 2;
    await page.mouse.move(plot.x + plot.width * 0.3, y);
    await page.mouse.down();
    await page.mouse.move(plot.x + plot.width * 0.7, y, { steps: 10 });
    await page.mouse.up();
    await page.waitForTimeout(500);
    await page.mouse.move(plot.x + plot.width * 0.2, y, { steps: 20 });
    await page.getByRole("button", { name: "Show all" }).click();
    await losses.getByRole("button", { name: "log" }).click();
    await losses.locator("summary").click();
    await page.waitForTimeout(2500);
    await losses.locator("summary").click();
    const theme = page.getByTestId("theme");
    for (let i = 0; i < 3; i++) await theme.click();
    await page.waitForTimeout(500);
  }

  async #openStations(): Promise<void> {
    for (const station of stations) {
      await openStation(this.page, station);
      await this.page.waitForTimeout(200);
    }
    await this.page.getByTestId("station-close").click();
  }

  async #inspectTeacher(file: string): Promise<void> {
    const { page } = this;
    await page.getByTestId("teacher-input").setInputFiles(file);
    await page.getByTestId("teacher-inspection").waitFor();
    const table = page.getByTestId("tensor-table");
    await table.focus();
    for (let i = 0; i < 5; i++) await page.keyboard.press("PageDown");
    await page.keyboard.press("End");
    await page.getByTestId("tensor-filter").pressSequentially("weight 4", { delay: 50 });
    await page.waitForTimeout(300);
    await page.keyboard.press("Escape");
    await page.getByTestId("teacher-inspection").waitFor({ state: "detached" });
  }

  /** As from a file manager: the browser itself drags the folder over the page. */
  async #drop(folder: string): Promise<void> {
    const session = await this.page.context().newCDPSession(this.page);
    const data = { items: [], files: [folder], dragOperationsMask: 1 };
    for (const type of ["dragEnter", "dragOver", "drop"] as const)
      await session.send("Input.dispatchDragEvent", { type, x: 700, y: 400, data });
    await session.detach();
  }

  async #download(button: ReturnType<Page["getByRole"]>): Promise<void> {
    const download = this.page.waitForEvent("download");
    await button.click();
    await (await download).delete();
  }

  /** JPEGs of 500 × 375 in two folders, no two alike. */
  async #writePictures(): Promise<string> {
    const folder = join(this.files, "dropped");
    const jpegs = await this.page.evaluate(() => {
      const canvas = Object.assign(document.createElement("canvas"), { width: 500, height: 375 });
      const context = canvas.getContext("2d")!;
      return Array.from({ length: 20 }, (_, i) => {
        for (let shape = 0; shape < 200; shape++) {
          context.fillStyle = `hsl(${(shape * 37 + i * 61) % 360} 60% ${20 + ((shape * 13) % 60)}%)`;
          context.fillRect((shape * 71 + i * 29) % 500, (shape * 53) % 375, 60, 40);
        }
        return canvas.toDataURL("image/jpeg", 0.85).split(",")[1]!;
      });
    });
    for (let i = 0; i < manyImages; i++) {
      const label = join(folder, i % 2 === 0 ? "even" : "odd");
      mkdirSync(label, { recursive: true });
      const jpeg = Buffer.from(jpegs[i % jpegs.length]!, "base64");
      writeFileSync(join(label, `${i}.jpg`), Buffer.concat([jpeg, Buffer.from(Uint32Array.of(i).buffer)]));
    }
    return folder;
  }

  async #snapshot(): Promise<PlaygroundSnapshot> {
    const snapshot = await this.page.evaluate(() => window.playground?.snapshot() ?? null);
    if (snapshot === null) throw new Error("the page did not load");
    return snapshot;
  }

  async #until(done: (snapshot: PlaygroundSnapshot) => boolean, limitMs = 120_000): Promise<void> {
    for (const endMs = performance.now() + limitMs; performance.now() < endMs;) {
      const snapshot = await this.page.evaluate(() => window.playground?.snapshot() ?? null);
      if (snapshot !== null && done(snapshot)) return;
      await this.page.waitForTimeout(100);
    }
    throw new Error(`the page was not ready within ${limitMs / 1000} s`);
  }
}

function manyTensorsFile(): Uint8Array {
  return writeSafetensors(
    Array.from({ length: manyTensors }, (_, i) => ({
      name: `blocks.${i >> 2}.layer${i % 4}.weight`,
      shape: [2, 2],
      values: Float32Array.of(i, 1, 2, 3),
    })),
  );
}
