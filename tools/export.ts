/** `student.zip` of a run that was taken out of the list of runs as a zip: `npm run export -- --run run.zip --out folder`. */
import { existsSync, mkdirSync, renameSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { chromium, type Page } from "playwright";
import { exportPartNames, type ExportPart } from "../src/contract/studentExport.ts";
import { chromiumLaunchOptions, ensureChromium } from "./browser.ts";
import { buildSiteIfStale, distFolder } from "./build.ts";
import { inRunMenu } from "./runMenu.ts";
import { runCommand } from "./runCommand.ts";
import { serveSite } from "./serve.ts";
import { readExports, readOutFolder, UsageError } from "./trainArguments.ts";
import { describeProblem, TrainError } from "./trainInBrowser.ts";

const usage = `Usage: npm run export -- --run <zip> --out <folder> [options]

  --run <zip>        a run as “Runs” hands it over: “All, as a zip”, with its student
  --out <folder>     where student.zip goes
  --parts <names>    all (the default), or some of ${exportPartNames.join(", ")}
  --with-head        the projection head too
  --help             this text
`;
const openLimitMs = 60_000;
/** Every model in it is tried, which takes a large student on a slow machine minutes. */
const packLimitMs = 30 * 60_000;
const pollMs = 250;

interface ExportJob {
  readonly run: string;
  readonly out: string;
  readonly parts: readonly ExportPart[];
  readonly withHead: boolean;
}

/**
 * @returns null when help was asked for.
 * @throws UsageError what is wrong and where.
 */
function parseExportArguments(args: string[], workingFolder: string): ExportJob | null {
  const { values } = parseExactly(args);
  if (values.help === true) return null;
  const { run, out } = values;
  if (run === undefined) throw new UsageError("--run is missing: the zip of a run");
  if (out === undefined) throw new UsageError("--out is missing: a folder");
  const path = resolve(workingFolder, run);
  if (!existsSync(path) || !statSync(path).isFile())
    throw new UsageError(`--run ${run}: there is no such file`);
  const folder = readOutFolder(resolve(workingFolder, out));
  const parts = readExports(values.parts ?? "all", "--parts");
  return { run: path, out: folder, parts, withHead: values["with-head"] === true };
}

function parseExactly(args: string[]) {
  try {
    return parseArgs({
      args,
      options: {
        run: { type: "string" },
        out: { type: "string" },
        parts: { type: "string" },
        "with-head": { type: "boolean" },
        help: { type: "boolean" },
      },
    });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

async function exportStudent(): Promise<number> {
  const job = parseExportArguments(process.argv.slice(2), process.env["INIT_CWD"] ?? process.cwd());
  if (job === null) {
    console.log(usage);
    return 0;
  }
  ensureChromium();
  await buildSiteIfStale("error");
  const site = await serveSite({ folder: distFolder });
  const browser = await chromium.launch(chromiumLaunchOptions({ webgpu: "hardware" }));
  try {
    const page = await browser.newPage({ acceptDownloads: true });
    await page.goto(site.url);
    await orProblem(
      page,
      page.waitForFunction(() => (window.playground?.snapshot().backend ?? null) !== null),
    );
    await pack(page, job);
  } finally {
    await browser.close();
    await site.close();
  }
  return 0;
}

/** Through the page's own controls. */
async function pack(page: Page, { run, out, parts, withHead }: ExportJob): Promise<void> {
  for (const part of exportPartNames)
    await page.getByTestId(`export-part-${part}`).setChecked(parts.includes(part));
  await page.getByTestId("export-head").setChecked(withHead);
  await page.getByTestId("view-runs").click();
  await page.getByTestId("bundle-input").setInputFiles(run);
  const row = page.getByTestId("run-history").locator("tbody tr").first();
  await orProblem(page, row.waitFor({ timeout: openLimitMs }));
  const button = await inRunMenu(row, "student.zip");
  if (await button.isDisabled()) throw new TrainError(`There is no student in ${run}.`);
  const [download] = await orProblem(
    page,
    Promise.all([page.waitForEvent("download", { timeout: packLimitMs }), button.click()]),
  );
  mkdirSync(out, { recursive: true });
  const path = join(out, "student.zip");
  await download.saveAs(`${path}.part`);
  renameSync(`${path}.part`, path);
  console.log(`${path}: ${statSync(path).size} bytes; every model in it says what the student says.`);
}

/** @throws TrainError the page's own words, should it say that something went wrong before `work` is done. */
async function orProblem<T>(page: Page, work: Promise<T>): Promise<T> {
  let isOver = false;
  const problem = async (): Promise<never> => {
    while (!isOver) {
      const notices = await page.evaluate(() => window.playground?.snapshot().notices ?? []);
      const found = notices.find(({ kind }) => kind === "error");
      if (found !== undefined) throw new TrainError(describeProblem(found));
      await new Promise((done) => setTimeout(done, pollMs));
    }
    return new Promise<never>(() => undefined);
  };
  try {
    return await Promise.race([work, problem()]);
  } finally {
    isOver = true;
    work.catch(() => undefined);
  }
}

await runCommand("export", exportStudent);
