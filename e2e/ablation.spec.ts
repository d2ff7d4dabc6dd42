import { keptStep } from "../tools/soak/soakTab.ts";
import { textOf } from "./downloads.ts";
import { createPictureFolder, type TestFolder } from "./testImages.ts";
import { expect, test } from "./playground.ts";

let pictures: TestFolder;
test.beforeAll(() => {
  pictures = createPictureFolder();
});
test.afterAll(() => pictures.remove());

test("two head widths, one after another, fill in the chart and the table", async ({ playground }) => {
  const { page } = playground;
  await playground.open({ data: "own" });
  await page.getByTestId("folder-input").setInputFiles(pictures.path);
  await playground.until((snapshot) => snapshot.dataset?.kind === "own");

  await playground.click("view-ablation");
  await page.getByTestId("ablation-values").fill("8, 24");
  await page.getByTestId("ablation-seeds").fill("3");
  await page.getByTestId("ablation-steps").fill("2");
  await playground.click("ablation-start");
  await expect(page.getByTestId("ablation-status")).toHaveAttribute("data-status", "running");
  await playground.click("view-train");
  await expect(page.getByTestId("start")).toBeDisabled();
  await playground.click("view-ablation");
  await expect(page.getByTestId("ablation-status")).toHaveAttribute("data-status", "finished", {
    timeout: 200_000,
  });

  const { run } = await playground.snapshot();
  expect(run.plan?.config).toMatchObject({ hiddenWidth: 24, seed: 3, steps: 2 });
  const rows = page.getByTestId("ablation-table").locator("tbody tr");
  await expect(rows).toHaveCount(2);
  await expect(page.getByTestId("ablation-conclusion")).toContainText("One seed does not tell");
  await expect(page.getByTestId("ablation-published")).toContainText("ImageNet");
  expect(new URL(page.url()).hash).toContain("ablation=hiddenWidth~8_24~3~2");
  const download = page.waitForEvent("download");
  await playground.click("ablation-csv");
  const csv = await textOf(await download);
  const [header, ...lines] = csv
    .trim()
    .split("\n")
    .map((line) => line.split(","));
  expect(header?.slice(0, 6)).toEqual(["hiddenWidth", "seed", "steps", "knn", "distillation", "state"]);
  expect(lines.map((cells) => [cells[0], cells[1], cells[2], cells[5]])).toEqual([
    ["8", "3", "2", "done"],
    ["24", "3", "2", "done"],
  ]);
  for (const cells of lines) {
    expect(Number(cells[3])).toBeGreaterThanOrEqual(0);
    expect(Number(cells[4])).toBeGreaterThan(0);
  }
});

test("every length of a nested embedding comes from one run a seed", async ({ playground }) => {
  const { page } = playground;
  await playground.openHash(
    "v=2&imageSize=16&studentWidth=4&batchSize=8&queueSize=32&teacherInputSize=8&data=own&backend=wasm&view=ablation&ablation=nestedDim~4_8_16~3~2",
  );
  await page.getByTestId("folder-input").setInputFiles(pictures.path);
  await playground.until((snapshot) => snapshot.dataset?.kind === "own");
  await expect(page.getByTestId("ablation-plan")).toContainText("1 run of 2 steps");
  await playground.click("ablation-start");
  await expect(page.getByTestId("ablation-status")).toHaveAttribute("data-status", "finished", {
    timeout: 120_000,
  });
  expect((await playground.snapshot()).run.plan?.config).toMatchObject({ nested: "on", embeddingDim: 16 });
  const rows = page.getByTestId("ablation-table").locator("tbody tr");
  await expect(rows).toHaveText([/^41 of 1.*%/, /^81 of 1.*%/, /^161 of 1.*%/]);
  await expect(page.getByTestId("ablation-chart")).toContainText("Teacher's PCA");
  await playground.click("view-train");
  await expect(page.getByTestId("prefix-chart")).toContainText("dimensions");
});

test("a named axis, the line to beat, and a run that is skipped", async ({ playground }) => {
  const { page } = playground;
  await playground.openHash(
    "v=2&seed=1&imageSize=16&studentWidth=4&batchSize=8&queueSize=32&teacherInputSize=8&data=own&backend=wasm&view=ablation&ablation=lossParts~both_contrast~3~2~teacherless",
  );
  await page.getByTestId("folder-input").setInputFiles(pictures.path);
  await playground.until((snapshot) => snapshot.dataset?.kind === "own");
  // The link has filled the form in, and started nothing.
  await expect(page.getByTestId("ablation-value-contrast")).toBeChecked();
  await page.getByTestId("ablation-value-contrast").uncheck();
  await page.getByTestId("ablation-value-distillation").check();
  await expect(page.getByTestId("ablation-plan")).toContainText("3 runs, one after another, each of 2 steps");
  await playground.click("ablation-start");
  await page.getByRole("button", { name: "Skip distillation alone, seed 3" }).click();
  await expect(page.getByTestId("ablation-status")).toHaveAttribute("data-status", "finished", {
    timeout: 120_000,
  });
  const queue = page.getByTestId("ablation-queue").locator("tbody tr");
  await expect(queue.nth(0)).toHaveAttribute("data-state", "done");
  await expect(queue.nth(1)).toHaveAttribute("data-state", "skipped");
  await expect(queue.nth(2)).toContainText("without a teacher, seed 3");
  await expect(page.getByTestId("ablation-chart")).toContainText("Without a teacher");
  expect((await playground.snapshot()).run.plan?.config).toMatchObject({ method: "mocov2", seed: 3 });

  await page.getByRole("button", { name: "Queue distillation alone, seed 3 again" }).click();
  await playground.click("ablation-continue");
  await expect(page.getByTestId("ablation-status")).toHaveAttribute("data-status", "finished", {
    timeout: 120_000,
  });
  const { run } = await playground.snapshot();
  expect(run.plan?.config).toMatchObject({ method: "disco", contrastiveWeight: 0, distillWeight: 16 });
});

test("after a reload in the middle the queue goes on, and what was done is as it was", async ({
  playground,
}) => {
  const { page } = playground;
  await page.addInitScript(() => {
    if (location.protocol !== "about:") localStorage.setItem("keep-every-seconds", "1");
  });
  await playground.open({ data: "own", method: "mocov2", teacher: "none", studentWidth: 8 }, "wasm");
  await page.getByTestId("folder-input").setInputFiles(pictures.path);
  await playground.until((snapshot) => snapshot.dataset?.kind === "own");
  await playground.click("view-ablation");
  await page.getByTestId("ablation-values").fill("8, 16, 24");
  await page.getByTestId("ablation-seeds").fill("3");
  await page.getByTestId("ablation-steps").fill("200");
  await playground.click("ablation-start");

  const queue = page.getByTestId("ablation-queue").locator("tbody tr");
  await expect(queue.nth(1)).toHaveAttribute("data-state", "running", { timeout: 120_000 });
  const { run: going } = await playground.until(({ run }) => run.config?.hiddenWidth === 16 && run.step >= 1);
  await expect.poll(() => keptStep(page, going.runId), { intervals: [50] }).toBeGreaterThan(0);
  const first = await queue.nth(0).innerText();
  await page.reload();

  await expect(page.getByTestId("notices")).toContainText("An ablation was broken off: 2 of 3 runs are left");
  await expect(page.getByTestId("ablation-continue")).toHaveText("Continue with 2 runs left");
  expect(await queue.nth(0).innerText()).toBe(first);
  await playground.click("ablation-continue");
  await expect(page.getByTestId("ablation-status")).toHaveAttribute("data-status", "finished", {
    timeout: 180_000,
  });
  expect(await queue.nth(0).innerText()).toBe(first);
  for (const row of await queue.all()) await expect(row).toHaveAttribute("data-state", "done");
  await expect(page.getByTestId("continue-card")).toBeHidden();

  // Three runs, not four: the one that was broken off went on from its checkpoint.
  await playground.click("view-runs");
  await expect(page.getByTestId("run-history").locator("tbody tr")).toHaveCount(3);
  await page.reload();
  await playground.click("view-ablation");
  await expect(page.getByTestId("ablation-status")).toHaveAttribute("data-status", "finished");
});
