/** Drives the built playground through its own controls, as a visitor would, and takes the result away. */
import { openWebForm } from "./openStation.ts";
import { mkdirSync, renameSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { chromium, type Browser, type Page } from "playwright";
import type { BackendChoice } from "../src/contract/backend.ts";
import { defaultConfig, type Config } from "../src/contract/config.ts";
import { describeFittedBatch } from "../src/contract/describeFittedBatch.ts";
import { photosPatch } from "../src/contract/presets.ts";
import { describeLabels } from "../src/contract/dataset.ts";
import type { RunEnd } from "../src/contract/protocol.ts";
import { exportPartNames, type ExportPart } from "../src/contract/studentExport.ts";
import type { PlaygroundSnapshot } from "../src/page/shell/automation.ts";
import type { Transfer } from "../src/page/stores/webStore.ts";
import { formatLink } from "../src/page/commands/shareLink.ts";
import { parseTableAddress } from "../src/contract/tableAddress.ts";
import { visibleText } from "../src/lib/visibleText.ts";
import { chromiumLaunchOptions } from "./browser.ts";
import { firstLineOf } from "./firstLine.ts";
import { FolderError, openGivenFolder } from "./givenFolder.ts";
import { differencesFrom } from "./repeatedRun.ts";
import type { TrainJob } from "./trainArguments.ts";
import { formatStatus, TimeLeft, type ProgressLine } from "./trainProgress.ts";

/** The world's fault, told whole in its message. */
export class TrainError extends Error {
  override readonly name = "TrainError";
}

export interface TrainResult {
  readonly end: RunEnd;
  readonly steps: number;
  readonly loss: number | null;
  readonly knn: {
    readonly untrained: number | null;
    readonly student: number | null;
    readonly teacher: number | null;
  };
  readonly backend: string;
  /** Training time, pauses and preparation excluded. */
  readonly seconds: number;
  /** The files that were written. A run that failed leaves what there is. */
  readonly saved: readonly string[];
}

/** The buttons that hand them over, and their names. */
const exports = [
  ["export-run", "run.json"],
  ["export-metrics", "metrics.csv"],
  ["export-student", "student.safetensors"],
] as const;
const exportLimitMs = 60_000;
/** Packing tries every model, which takes a large student on a slow machine minutes. */
const packingLimitMs = 30 * 60_000;

/** By then the page has looked at what it keeps. */
const offerLimitMs = 5000;

const pollMs = 500;
/** Software WebGPU may compile shaders for minutes before the first step. */
const silenceLimitMs = 20 * 60_000;
/** Nothing that comes before training takes so long without a word: large networks answer within half of it. */
const engineLimitMs = 35_000;

/** Where the browser keeps the run, and whether it is there already. */
export interface RunPlace {
  readonly profile: string;
  readonly resumes: boolean;
}

/**
 * @param place null for a run that is not kept.
 * @throws TrainError what went wrong, with the page's own words.
 */
export async function trainInBrowser(
  job: TrainJob,
  siteUrl: string,
  progress: ProgressLine,
  interrupted: AbortSignal,
  place: RunPlace | null = null,
): Promise<TrainResult> {
  const { browser, page } = await openBrowser(job.backend, siteUrl, progress, place);
  try {
    const link = formatLink({ ...defaultConfig, ...job.config }, job.backend);
    const tab = new PlaygroundTab(page, progress);
    await tab.open(`${siteUrl}#${link}`);
    if (place?.resumes === true) await tab.continue();
    else {
      await tab.giveImages(job);
      if (job.fitsPhotos) await tab.fitToImages(job);
      await tab.giveTeacher(job);
      await tab.start();
    }
    const final = await tab.follow(job, interrupted);
    const saved = await tab.save(job, final);
    return summarise(final, saved);
  } finally {
    await browser.close();
  }
}

/** One of several runs that share images, teacher and tab. */
interface RunInTurn {
  readonly config: Config;
  readonly outFolder: string;
}

/** What is told of runs in turn; what these throw ends them. */
interface TurnEvents<T> {
  /** Before the first run, once images and teacher are there. @param fingerprint empty for the demo set. */
  readonly onImages: (fingerprint: string) => void;
  readonly onStart: (run: T) => void;
  /** Once it is saved. */
  readonly onEnd: (run: T, result: TrainResult) => void;
}

/**
 * Trains one run after another in one tab, each from its start, and takes every result away before the next begins.
 *
 * @param job whose images, teacher and backend are given.
 * @throws TrainError what went wrong with the first run that has not ended.
 */
export async function trainInTurn<T extends RunInTurn>(
  job: TrainJob,
  runs: readonly T[],
  siteUrl: string,
  progress: ProgressLine,
  interrupted: AbortSignal,
  events: TurnEvents<T>,
): Promise<void> {
  const { browser, page } = await openBrowser(job.backend, siteUrl, progress, null);
  try {
    const tab = new PlaygroundTab(page, progress);
    await tab.open(`${siteUrl}#${formatLink({ ...defaultConfig, ...job.config }, job.backend)}`);
    await tab.giveImages(job);
    await tab.giveTeacher(job);
    events.onImages(await tab.dataFingerprint());
    for (const run of runs) {
      if (interrupted.aborted) return;
      events.onStart(run);
      const whole = { ...job, config: run.config, outFolder: run.outFolder };
      await tab.configure(run.config, job.backend);
      await tab.startAnother();
      const final = await tab.follow(whole, interrupted);
      events.onEnd(run, summarise(final, await tab.save(whole, final)));
    }
  } finally {
    await browser.close();
  }
}

/** Without being asked, a GPU in software is never used: WASM beats it many times over. */
async function openBrowser(
  backend: BackendChoice,
  siteUrl: string,
  progress: ProgressLine,
  place: RunPlace | null,
): Promise<OpenPage> {
  const hardware = await launch("hardware", place);
  if (backend !== "webgpu") return hardware;
  await hardware.page.goto(siteUrl);
  const adapter = await hardware.page.evaluate(async () => {
    const found = await navigator.gpu.requestAdapter();
    return found === null ? "none" : found.info.isFallbackAdapter ? "software" : "hardware";
  });
  if (adapter === "hardware") return hardware;
  progress.say("No hardware WebGPU adapter was found: using SwiftShader, a GPU in software. It is slow.");
  await hardware.browser.close();
  return launch("software", place);
}

interface OpenPage {
  readonly browser: Pick<Browser, "close">;
  readonly page: Page;
}

async function launch(webgpu: "hardware" | "software", place: RunPlace | null): Promise<OpenPage> {
  // Ctrl+C is ours to handle: it ends the run, and what there is gets saved.
  const options = { ...chromiumLaunchOptions({ webgpu }), handleSIGINT: false };
  if (place !== null) {
    const context = await chromium.launchPersistentContext(place.profile, {
      ...options,
      acceptDownloads: true,
    });
    return { browser: context, page: context.pages()[0] ?? (await context.newPage()) };
  }
  const browser = await chromium.launch(options);
  const page = await browser.newPage({ acceptDownloads: true });
  return { browser, page };
}

/** Whether a table's images can be loaded with a click. */
function isOffered({ table }: PlaygroundSnapshot): boolean {
  if (table.phase === "failed")
    throw new TrainError(`The images cannot be loaded.\n${describeProblem(table.error)}`);
  return table.phase === "offered" && table.offer !== null;
}

class PlaygroundTab {
  readonly #page: Page;
  readonly #progress: ProgressLine;
  #crash: string | null = null;
  readonly #toldNotices = new Set<number>();
  /** Whether the engine has gone silent, and that was said. */
  #isSilent = false;

  constructor(page: Page, progress: ProgressLine) {
    this.#page = page;
    this.#progress = progress;
    page.on("crash", () => (this.#crash = "The browser's tab crashed, most likely out of memory."));
    page.on("pageerror", (error) => progress.say(`The page reports: ${error.message}`));
  }

  async open(url: string): Promise<void> {
    await this.#page.goto(url);
    await this.#until((snapshot) => snapshot.backend !== null, "opening a backend");
    const { backend } = await this.#snapshot();
    this.#progress.say(`Backend: ${backend?.chosen}, ${backend?.adapter}. ${backend?.reason}`);
  }

  async giveImages({ data }: TrainJob): Promise<void> {
    if (data.kind === "demo") return;
    if (data.kind === "address" && parseTableAddress(data.address) === null) {
      await this.#fromWeb("data", data.address);
    } else if (data.kind === "address") {
      await this.#lookUp("data", data.address);
      await this.#until(isOffered, "looking into the data set");
    } else if (data.kind === "folder") {
      await this.#giveFolder(data.path);
      return;
    } else {
      await this.#page.getByTestId("files-input").setInputFiles([...data.paths]);
    }
    await this.#readImages();
  }

  async #readImages(): Promise<void> {
    const isRead = ({ dataset }: PlaygroundSnapshot): boolean => dataset?.kind === "own";
    await this.#until((snapshot) => isRead(snapshot) || isOffered(snapshot), "reading the images");
    if (isOffered(await this.#snapshot())) {
      await this.#page.getByTestId("table-load").click();
      await this.#until(isRead, "reading the images");
    }
    const { dataset } = await this.#snapshot();
    const labels = dataset?.labels.length ?? 0;
    const classes =
      dataset === null || labels === 0 ? "no labels" : `${labels} labels (${describeLabels(dataset)})`;
    this.#progress.say(`Images: ${dataset?.count} from ${visibleText(dataset?.name ?? "")}, ${classes}.`);
  }

  /** Settings of the photos preset that depend on how many images there are; what was asked for stays. */
  async fitToImages({ config, backend }: TrainJob): Promise<void> {
    const { dataset } = await this.#snapshot();
    const fitted = photosPatch({ images: dataset?.count ?? 0, imagesPerSecond: null });
    const whole = { ...defaultConfig, ...fitted, ...config };
    this.#progress.say(
      `For ${dataset?.count} images: ${whole.steps} steps of ${whole.batchSize}, student of width ${whole.studentWidth}.`,
    );
    await this.configure(whole, backend);
  }

  /** By the address, as a link would. */
  async configure(config: Config, backend: BackendChoice): Promise<void> {
    await this.#page.evaluate((link) => (location.hash = link), formatLink(config, backend));
  }

  /** Which images were given; empty for the demo set, which is drawn when a run begins. */
  async dataFingerprint(): Promise<string> {
    return (await this.#snapshot()).dataset?.fingerprint ?? "";
  }

  async #giveFolder(path: string): Promise<void> {
    const folder = openFolder(path);
    process.once("exit", folder.remove); // a second Ctrl+C ends at once
    for (const note of folder.notes.slice(0, mostDetails)) this.#progress.say(note);
    const more = folder.notes.length - mostDetails;
    if (more > 0) this.#progress.say(`and ${more} more`);
    try {
      await this.#page.getByTestId("folder-input").setInputFiles(folder.path);
      await this.#readImages();
    } finally {
      folder.remove();
      process.off("exit", folder.remove);
    }
  }

  async giveTeacher({ teacherFiles, teacherAddress }: TrainJob): Promise<void> {
    if (teacherFiles.length === 0 && teacherAddress === null) return;
    const given = teacherAddress ?? teacherFiles.join(", ");
    const isThere = (found: unknown, { teacherProblem }: PlaygroundSnapshot): boolean => {
      if (teacherProblem !== null)
        throw new TrainError(`The teacher ${given} was refused.\n${describeProblem(teacherProblem)}`);
      return found !== null;
    };
    if (teacherAddress === null)
      await this.#page.getByTestId("teacher-input").setInputFiles([...teacherFiles]);
    else await this.#fromWeb("teacher", teacherAddress);
    await this.#until((snapshot) => isThere(snapshot.teacherOffer, snapshot), "inspecting the teacher");
    await this.#page.getByTestId("teacher-use").click();
    await this.#until((snapshot) => isThere(snapshot.teacher, snapshot), "loading the teacher");
    const { teacher } = await this.#snapshot();
    this.#progress.say(
      `Teacher: ${teacher?.name}, ${teacher?.architecture}, ${teacher?.embeddingDim} dimensions.`,
    );
  }

  /** By the page's own form: look up, then download, both by a click. */
  async #fromWeb(use: "teacher" | "data", address: string): Promise<void> {
    await this.#lookUp(use, address);
    const reaches = (...phases: Transfer["phase"][]) => {
      return ({ web }: PlaygroundSnapshot): boolean => {
        const transfer = web[use];
        if (transfer.phase === "failed")
          throw new TrainError(`${address} cannot be loaded.\n${describeProblem(transfer.error)}`);
        return phases.includes(transfer.phase);
      };
    };
    await this.#until(reaches("asked"), `asking ${new URL(address).host}`);
    const { web } = await this.#snapshot();
    const found = web[use];
    const bytes = found.phase === "asked" ? found.remote.bytes : null;
    this.#progress.say(`Downloading ${address}${bytes === null ? "" : `, ${(bytes / 1e6).toFixed(1)} MB`}.`);
    await this.#page.getByTestId(`web-${use}-download`).click();
    await this.#until(reaches("done"), `downloading ${address}`);
  }

  async #lookUp(use: "teacher" | "data", address: string): Promise<void> {
    await openWebForm(this.#page, use);
    await this.#page.getByTestId(`${use}-address`).fill(address);
    await this.#page.getByTestId(`${use}-look-up`).click();
  }

  async start(): Promise<void> {
    await this.#page.getByTestId("start").click();
  }

  /** The same after another run, whose end would be taken for this one's. */
  async startAnother(): Promise<void> {
    const { run: before } = await this.#snapshot();
    await this.start();
    await this.#until(({ run }) => run.runId !== before.runId, "getting ready");
  }

  /** Goes on with the run this browser keeps: one that was broken off is offered, one that was stopped is in the list. */
  async continue(): Promise<void> {
    const offer = this.#page.getByTestId("continue-run");
    await offer.waitFor({ timeout: offerLimitMs }).catch(() => undefined);
    if (!(await offer.isVisible())) {
      await this.#page.getByRole("tab", { name: "Runs" }).click();
      const goOn = this.#page.getByRole("button", { name: /^Go on with/ }).first();
      if (!(await goOn.isVisible()))
        throw new TrainError(
          "The browser keeps no run that could go on. It was broken off before its first checkpoint.",
        );
      await goOn.click();
    } else await offer.click();
    await this.#until(({ run, notices }) => {
      const problem = notices.find(({ kind }) => kind === "error");
      if (problem !== undefined) throw new TrainError(describeProblem(problem));
      return run.plan !== null;
    }, "going on");
    const { run } = await this.#snapshot();
    this.#progress.say(`Going on from step ${run.step} of ${run.totalSteps}.`);
  }

  /** Shows how it goes until the run has ended. */
  async follow({ batchAsked, repeated }: TrainJob, interrupted: AbortSignal): Promise<PlaygroundSnapshot> {
    const timeLeft = new TimeLeft();
    let stopping = false;
    let isPlanned = false;
    return this.#until((snapshot) => {
      const { state, step, totalSteps, last, evaluations, end, plan, config } = snapshot.run;
      if (interrupted.aborted && !stopping) {
        stopping = true;
        this.#progress.say("Stopping; what was learnt so far is saved. Ctrl+C once more to give up.");
        void this.#page.getByTestId("stop").click();
      } else if (stopping && state === "idle") {
        throw new TrainError("Stopped before the run began.");
      }
      if (plan !== null && !isPlanned) {
        isPlanned = true;
        if (batchAsked !== null && plan.config.batchSize !== batchAsked)
          throw tooFewImages(plan.trainImages, batchAsked);
        const fitted = config === null ? "" : describeFittedBatch(config, plan);
        if (fitted !== "") this.#progress.say(fitted);
        const differences = repeated === null ? [] : differencesFrom(repeated, snapshot);
        for (const line of differences) this.#progress.say(line);
      }
      if (plan !== null) {
        const status = {
          step,
          totalSteps,
          loss: last?.loss ?? null,
          knn: evaluations.at(-1)?.knn ?? null,
          imagesPerSecond: last?.imagesPerSecond ?? null,
          secondsLeft: timeLeft.estimate(step, totalSteps, performance.now()),
        };
        this.#progress.show(formatStatus(status), performance.now());
      }
      return state === "ended" && end !== null;
    }, "training");
  }

  /**
   * Through the page's own download buttons. Files of an earlier run are replaced one by one.
   *
   * @returns the names of those that were written: after a run that failed, of what there is.
   * @throws TrainError when a run that did not fail does not come out whole.
   */
  async save(
    { outFolder: folder, exports: parts, forCluster }: TrainJob,
    { run }: PlaygroundSnapshot,
  ): Promise<readonly string[]> {
    if (run.plan === null) return [];
    mkdirSync(folder, { recursive: true });
    const saved: string[] = [];
    for (const [testId, name] of exports) {
      try {
        await this.#download(testId, join(folder, name));
        saved.push(name);
      } catch (error) {
        if (!(error instanceof TrainError) || run.end?.kind !== "failed") throw error;
        this.#progress.say(error.message);
      }
    }
    if (parts.length > 0 && run.end?.kind !== "failed") {
      await this.#pack(parts, join(folder, "student.zip"));
      saved.push("student.zip");
    }
    if (forCluster && run.end?.kind !== "failed") {
      await this.#download("export-cluster", join(folder, "cluster.zip"));
      saved.push("cluster.zip");
    }
    return saved;
  }

  async #pack(parts: readonly ExportPart[], path: string): Promise<void> {
    for (const part of exportPartNames)
      await this.#page.getByTestId(`export-part-${part}`).setChecked(parts.includes(part));
    await this.#download("export-zip", path, packingLimitMs);
    this.#progress.say(await this.#page.getByTestId("export-checks").innerText());
  }

  async #download(testId: string, path: string, limitMs = exportLimitMs): Promise<void> {
    const before = await this.#lastNotice();
    let isOver = false;
    /** What the page says in place of a file. */
    const refusal = async (): Promise<null> => {
      while (!isOver) {
        const notice = (await this.#snapshot()).notices.find(
          ({ kind, id }) => kind === "error" && id > before,
        );
        if (notice !== undefined)
          throw new TrainError(`There is no ${basename(path)}.\n${describeProblem(notice)}`);
        await new Promise((resolve) => setTimeout(resolve, pollMs));
      }
      return null;
    };
    // Together, so that a tab that closes between the two is a failure told here, not one that nobody caught.
    const [download] = await Promise.all([
      Promise.race([this.#page.waitForEvent("download", { timeout: limitMs }), refusal()]),
      this.#page.getByTestId(testId).click({ timeout: exportLimitMs }),
    ])
      .catch((error: unknown) => {
        if (error instanceof TrainError) throw error;
        throw new TrainError(`The page did not hand over ${path}: ${firstLineOf(error)}`);
      })
      .finally(() => (isOver = true));
    if (download === null) return;
    await download.saveAs(`${path}.part`);
    if (statSync(`${path}.part`).size === 0) throw new TrainError(`The page handed over an empty ${path}.`);
    renameSync(`${path}.part`, path);
  }

  async #lastNotice(): Promise<number> {
    const { notices } = await this.#snapshot();
    return Math.max(0, ...notices.map(({ id }) => id));
  }

  async #snapshot(): Promise<PlaygroundSnapshot> {
    const snapshot = await this.#page.evaluate(() => window.playground?.snapshot() ?? null);
    if (snapshot === null) throw new TrainError("The page did not start; `npm run build` may tell why.");
    return snapshot;
  }

  /** @throws TrainError when the page shows an error, the tab crashes, or nothing changes for very long. */
  async #until(done: (snapshot: PlaygroundSnapshot) => boolean, task: string): Promise<PlaygroundSnapshot> {
    await this.#page.waitForSelector("[data-testid=start]", { state: "attached", timeout: 60_000 });
    let lastSeen = "";
    let lastChangeMs = performance.now();
    for (;;) {
      if (this.#crash !== null) throw new TrainError(this.#crash);
      const snapshot = await this.#snapshot().catch((error: unknown) => {
        throw this.#crash === null ? error : new TrainError(this.#crash);
      });
      if (done(snapshot)) return snapshot;
      this.#tellNotices(snapshot);

      this.#watchEngine(snapshot, task);

      const { run, reading } = snapshot;
      if (reading !== null && reading.total > 0)
        this.#progress.show(`${task}: ${reading.done} of ${reading.total}`, performance.now());
      const seen = `${run.state} ${run.step} ${run.evaluations.length} ${reading?.done}`;
      if (seen !== lastSeen) lastChangeMs = performance.now();
      lastSeen = seen;
      if (performance.now() - lastChangeMs > silenceLimitMs)
        throw new TrainError(`Nothing has happened for ${silenceLimitMs / 60_000} minutes while ${task}.`);
      await new Promise((resolve) => setTimeout(resolve, pollMs));
    }
  }

  /** @throws TrainError when the engine is stuck in what takes no such time. */
  #watchEngine({ run, engineSilentMs }: PlaygroundSnapshot, task: string): void {
    if (engineSilentMs === 0) {
      this.#isSilent = false;
      return;
    }
    const silence = `The engine has not answered for ${Math.round(engineSilentMs / 1000)} s while ${task}`;
    if (run.plan === null && engineSilentMs > engineLimitMs)
      throw new TrainError(
        `${silence}: it is stuck in an endless loop, or in a network that is far too large.\nGive another file, or try another --backend.`,
      );
    if (!this.#isSilent) this.#progress.say(`${silence}: it is busy with one long calculation, or stuck.`);
    this.#isSilent = true;
  }

  /** What the page tells its visitor: news are passed on, an error ends it. */
  #tellNotices({ notices }: PlaygroundSnapshot): void {
    for (const notice of notices) {
      if (notice.kind === "error") throw new TrainError(describeProblem(notice));
      if (!this.#toldNotices.has(notice.id)) this.#progress.say(describeProblem(notice));
      this.#toldNotices.add(notice.id);
    }
  }
}

/** @throws TrainError when it holds too much, or nothing. */
function openFolder(path: string): ReturnType<typeof openGivenFolder> {
  try {
    return openGivenFolder(path);
  } catch (error) {
    throw error instanceof FolderError ? new TrainError(`--data ${path}: ${error.message}.`) : error;
  }
}

function tooFewImages(images: number, batch: number): TrainError {
  return new TrainError(
    `${images} training ${images === 1 ? "image does" : "images do"} not fill one batch of ${batch}.\nChoose a smaller batchSize, or leave “--set batchSize” out.`,
  );
}

const mostDetails = 20;

/** As the page would show it, in lines. */
export function describeProblem(problem: {
  message: string;
  hint?: string;
  details?: readonly string[];
}): string {
  const details = problem.details ?? [];
  const shown = details.slice(0, mostDetails).map((line) => `  ${line}`);
  if (details.length > shown.length) shown.push(`  and ${details.length - shown.length} more`);
  return [
    problem.message,
    ...shown,
    ...(problem.hint === undefined || problem.hint === "" ? [] : [problem.hint]),
  ].join("\n");
}

function summarise({ run, backend }: PlaygroundSnapshot, saved: readonly string[]): TrainResult {
  return {
    end: run.end ?? { kind: "stopped" },
    steps: run.step,
    loss: run.last?.loss ?? null,
    knn: {
      untrained: run.baseline?.untrainedKnn ?? null,
      student: run.evaluations.at(-1)?.knn ?? null,
      teacher: run.baseline?.teacherKnn ?? null,
    },
    backend: backend?.chosen ?? "none",
    seconds: Math.round((run.last?.elapsedMs ?? 0) / 100) / 10,
    saved,
  };
}
