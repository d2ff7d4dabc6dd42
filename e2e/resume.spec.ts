import type { Page } from "@playwright/test";
import { areEqual, compareCurves } from "../tools/soak/curve.ts";
import { SoakTab } from "../tools/soak/soakTab.ts";
import { defaultConfig, type Config } from "../src/contract/config.ts";
import { metricColumns } from "../src/contract/metrics.ts";
import { inRunMenu } from "../tools/runMenu.ts";
import { createPictureFolder, type TestFolder } from "./testImages.ts";
import { expect, test } from "./playground.ts";

let pictures: TestFolder;
test.beforeAll(() => {
  pictures = createPictureFolder(8);
});
test.afterAll(() => pictures.remove());

const config: Config = {
  ...defaultConfig,
  method: "mocov2",
  teacher: "none",
  data: "own",
  imageSize: 16,
  studentWidth: 8,
  hiddenWidth: 32,
  batchSize: 8,
  queueSize: 32,
  schedule: "cosinePerStep",
  evaluateEvery: 100,
  evaluationImages: 20,
  // Long enough to be broken off three times, each after a further checkpoint, before it ends.
  steps: 200,
};

async function give(page: Page, tab: SoakTab): Promise<void> {
  await page.getByTestId("folder-input").setInputFiles(pictures.path);
  await tab.until(({ dataset }) => dataset?.kind === "own");
}

async function isKept(tab: SoakTab, runId: string, after: number): Promise<void> {
  await expect.poll(() => tab.keptStep(runId), { timeout: 60_000 }).toBeGreaterThan(after);
}

test("a run on one's own pictures survives a reload, its engine's end and a closed tab, to the bit", async ({
  context,
  baseURL,
}) => {
  let tab = await SoakTab.open(context, baseURL!);
  await tab.visit(config, "wasm");
  await give(tab.page, tab);
  const wholeId = await tab.start();
  await tab.untilEnded();
  const whole = await tab.keptMetrics(wholeId);
  expect(whole.length).toBe(config.steps * metricColumns.length);

  const runId = await tab.start();
  await isKept(tab, runId, 0);
  await tab.page.reload();
  const card = tab.page.getByTestId("continue-card");
  await expect(card).toContainText(/Your run stopped at step \d+ of 200/);
  await tab.continue();
  // Its pictures and its curves are there again.
  const back = await tab.until(({ run }) => run.state === "running");
  expect(back.dataset).toMatchObject({ kind: "own", count: pictures.count });
  expect(back.run.step).toBeGreaterThan(0);
  await tab.until(({ run }) => run.evaluations[0]?.step === 0); // measured again where it was not yet

  const kept = await tab.keptStep(runId);
  await isKept(tab, runId, kept);
  await tab.endEngine();
  await tab.until(({ notices }) => notices.some(({ message }) => /went on from step/.test(message)));
  expect((await tab.until(({ run }) => run.state === "running")).run.runId).toBe(runId);

  await isKept(tab, runId, await tab.keptStep(runId));
  await tab.page.close();
  tab = await SoakTab.open(context, baseURL!);
  await tab.visit(config, "wasm");
  await tab.continue();
  await tab.untilEnded();
  const broken = await tab.keptMetrics(runId);
  const difference = compareCurves(whole, broken);
  expect(areEqual(difference, 0), JSON.stringify(difference)).toBe(true);
  expect(tab.faults).toEqual([]);

  // Both are in the list, after another reload too, and one can be made longer.
  await tab.page.reload();
  await tab.until(({ backend }) => backend !== null);
  await tab.page.getByRole("tab", { name: "Runs" }).click();
  const rows = tab.page.getByTestId("run-history").locator("tbody tr");
  await expect(rows).toHaveCount(2);
  await (await inRunMenu(rows.first(), /epochs more/)).click();
  const { run } = await tab.untilEnded();
  expect(run.end).toEqual({ kind: "finished" });
  expect(run.step).toBe(config.steps + 5 * (run.plan?.stepsPerEpoch ?? NaN));
  await tab.page.close();
});

test("a run that is discarded stays in the list and is offered no more", async ({ context, baseURL }) => {
  const tab = await SoakTab.open(context, baseURL!);
  await tab.visit({ ...config, data: "demo", steps: 100_000 }, "wasm");
  const runId = await tab.start();
  await isKept(tab, runId, 0);
  await tab.page.reload();
  await tab.page.getByTestId("discard-run").click();
  await expect(tab.page.getByTestId("continue-card")).toBeHidden();
  await tab.page.reload();
  await tab.until(({ backend }) => backend !== null);
  await tab.page.getByRole("tab", { name: "Runs" }).click();
  await expect(tab.page.getByTestId("run-history")).toContainText("stopped");
  await expect(tab.page.getByTestId("continue-card")).toBeHidden();
  await tab.page.close();
});
