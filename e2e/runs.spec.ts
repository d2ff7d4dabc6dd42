import type { Locator } from "@playwright/test";
import { inRunMenu } from "../tools/runMenu.ts";
import { bytesOf } from "./downloads.ts";
import type { ConfigPatch } from "../src/contract/config.ts";
import { expect, test, type Playground } from "./playground.ts";

const shared: ConfigPatch = { method: "mocov2", teacher: "none", steps: 12, evaluateEvery: 4 };

/** Trains a run from nothing and waits until it is kept. Leaves the list of runs open. */
async function train(playground: Playground, patch: ConfigPatch): Promise<void> {
  const { page } = playground;
  await playground.open({ ...shared, ...patch }, "wasm");
  await playground.until(({ dataset }) => dataset !== null);
  await playground.click("start");
  await playground.untilRun("ended");
  await playground.click("view-runs");
  const newest = page.getByTestId("run-history").locator("tbody tr").first();
  const before = await newest.boundingBox();
  await expect(newest.getByRole("button", { name: /^Star / })).toBeEnabled();
  const after = await newest.boundingBox();
  expect([after?.height, after?.width], "the row keeps its size").toEqual([before?.height, before?.width]);
  await playground.click("view-train");
}

/** The colour of the first line that is drawn as a sample. */
async function colourOf(place: Locator): Promise<string> {
  return place
    .locator("svg line")
    .first()
    .evaluate((line) => getComputedStyle(line).stroke);
}

test("runs are chosen, drawn over each other, compared and grouped", async ({ playground }) => {
  const { page } = playground;
  await train(playground, { hiddenWidth: 32, seed: 1 });
  await train(playground, { hiddenWidth: 32, seed: 2 });
  await train(playground, { hiddenWidth: 8, seed: 1 });
  await train(playground, { hiddenWidth: 8, seed: 2 });
  await train(playground, { hiddenWidth: 8, seed: 3, steps: 6 });
  await playground.openHash("backend=wasm"); // another visit
  await playground.click("view-runs");
  const rows = page.getByTestId("run-history").locator("tbody tr");
  await expect(rows).toHaveCount(5);
  await expect(rows.first().locator("td").nth(1)).toContainText(/^finished.{4,}/); // the verdict's words

  // Two: their difference, the same colours everywhere, values and a table.
  const choose = (row: number): Locator => rows.nth(row).getByRole("checkbox");
  await choose(1).check(); // width 8, seed 2
  await choose(3).check(); // width 32, seed 2
  await expect(page.getByTestId("chosen")).toHaveText("2 chosen.");
  const compare = page.getByTestId("compare");
  const differences = compare.locator("tbody").first().locator("tr");
  await expect(differences).toHaveCount(1);
  await expect(differences).toHaveText(/^Head hidden width8 units32 units$/);
  await expect(compare.getByRole("row", { name: /^kNN \d/ })).toHaveText(/[+−]?[\d.]+ points$/);
  const loss = page.getByTestId("overlay-losses-0");
  await expect(loss.locator("li")).toHaveCount(2);
  await loss.scrollIntoViewIfNeeded(); // what is out of sight is not drawn
  for (const output of await loss.locator("output").all()) await expect(output).toHaveText(/^\d/);
  expect(await colourOf(rows.nth(3))).toBe(await colourOf(loss.locator("li").nth(1)));
  expect(await colourOf(rows.nth(3))).not.toBe(await colourOf(rows.nth(1)));
  await expect(page.getByTestId("overlay")).toContainText(/None of these runs has: Neighbour overlap/);
  await loss.locator("summary").click();
  await expect(loss.locator("tbody tr")).toHaveCount(2);
  await page.getByTestId("overlay-x").selectOption("images");
  await expect(loss.locator("thead th").last()).toHaveText("96"); // 12 steps of 8
  await page.getByTestId("overlay-log-x").check();
  await expect(page.getByTestId("overlay-knn")).toContainText("2 points lie at or below zero");

  // Single runs have no interval; what differs in more is in no group.
  await page.getByTestId("group-by").selectOption("hiddenWidth");
  const groups = page.getByTestId("groups");
  await expect(groups.locator("tbody")).not.toContainText(" to ");
  await page.getByRole("button", { name: "Choose all listed" }).click();
  await expect(page.getByTestId("chosen")).toHaveText("5 chosen.");
  await expect(groups.locator("tbody tr")).toHaveText([/^8 units2.* to /, /^32 units2.* to /]);
  await expect(groups).toContainText(/1 run differs in more.*steps 6/);
  await expect(loss.locator("li").filter({ hasText: /^\s*mean, head hidden width 8/ })).toHaveCount(1);
  await expect(loss.locator("li")).toHaveCount(7);

  // A deleted run is drawn no more.
  await (await inRunMenu(rows.first(), "Delete")).click();
  await expect(page.getByTestId("chosen")).toHaveText("4 chosen.");
  await expect(groups).not.toContainText("differs in more");
  await page.getByRole("button", { name: "Choose none" }).click();
  await expect(page.getByTestId("overlay")).toBeHidden();

  // Out as a zip and in again: a run of its own, with its verdict. Its curves open beside those of the present run.
  const verdict = await rows.nth(1).locator("td").nth(1).textContent();
  const download = page.waitForEvent("download");
  await (await inRunMenu(rows.nth(1), "All, as a zip")).click();
  const zip = await bytesOf(await download);
  await page
    .getByTestId("bundle-input")
    .setInputFiles({ name: "run.zip", mimeType: "application/zip", buffer: zip });
  await expect(rows).toHaveCount(6);
  await expect(rows.first().locator("td").nth(1)).toHaveText(verdict ?? "");
  const packed = page.waitForEvent("download", { timeout: 120_000 });
  await (await inRunMenu(rows.first(), "student.zip")).click();
  expect((await packed).suggestedFilename()).toBe("student.zip");
  await (await inRunMenu(rows.first(), "Open in Train")).click();
  await expect(page.getByText("An earlier run:")).toBeVisible();
});
