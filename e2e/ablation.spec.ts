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
