import { writeFileSync } from "node:fs";
import { defaultConfig } from "../src/contract/config.ts";
import { formatRunFile } from "../src/contract/runFile.ts";
import { sampleRun } from "../src/formats/testing/sampleRun.ts";
import { parseLink } from "../src/page/commands/shareLink.ts";
import { openStation } from "../tools/openStation.ts";
import { expect, test } from "./playground.ts";

test("a link restores configuration, seed and backend, and the address bar follows what is changed", async ({
  playground,
  context,
}) => {
  await playground.openHash("v=2&seed=77&batchSize=12&temperature=0.3&method=mocov2&backend=cpu");
  expect((await playground.snapshot()).backend?.chosen).toBe("cpu");
  await expect(await playground.number("seed")).toHaveValue("77");

  const seed = await playground.number("seed");
  await seed.fill("78");
  await seed.blur();
  await expect.poll(() => new URL(playground.page.url()).hash).toContain("seed=78");

  // What the address bar says now, opened by someone else.
  const address = playground.page.url();
  const shared = parseLink(new URL(address).hash);
  expect(shared.problems).toEqual([]);
  expect(shared.patch).toEqual({ seed: 78, batchSize: 12, temperature: 0.3, method: "mocov2" });
  const elsewhere = await context.newPage();
  await elsewhere.goto(address);
  await openStation(elsewhere, "training");
  await expect(elsewhere.locator("[data-setting=seed] input[type=number]")).toHaveValue("78");
  await elsewhere.close();
});

test("junk in a link is ignored, and said", async ({ playground }) => {
  await playground.openHash("v=2&seed=5&batchSize=-3&bogus=1&backend=cpu&%00=<script>alert(1)</script>");
  const notices = playground.page.getByTestId("notices");
  await expect(notices).toContainText("batchSize");
  await expect(notices).toContainText("bogus");
  await expect(await playground.number("seed")).toHaveValue("5");
  await expect(await playground.number("batchSize")).toHaveValue(String(defaultConfig.batchSize));
});

test("a run.json dropped on the page, or chosen, sets it as the run was, and starts nothing", async ({
  playground,
}, testInfo) => {
  const { page } = playground;
  await playground.open({}, "cpu");
  const config = { ...sampleRun.config, seed: 41, gravity: 2 };
  const path = testInfo.outputPath("run.json");
  writeFileSync(path, JSON.stringify({ ...sampleRun, config }));
  await playground.dropFromDesktop(path);
  const notices = page.getByTestId("notices");
  await expect(notices).toContainText("Nothing has been started");
  await expect(notices).toContainText("gravity");
  await expect(await playground.number("seed")).toHaveValue("41");
  await expect.poll(() => new URL(page.url()).hash).toContain("temperature=0.1");

  writeFileSync(path, formatRunFile({ ...sampleRun, config: { ...sampleRun.config, seed: 42 } }));
  await page.getByTestId("files-input").setInputFiles(path);
  await expect(await playground.number("seed")).toHaveValue("42");
  await expect(notices).not.toContainText("gravity");
  const { run, dataset } = await playground.snapshot();
  expect({ state: run.state, dataset }).toEqual({ state: "idle", dataset: null });
});

test("a link starts nothing", async ({ playground }) => {
  await playground.open({ data: "own", steps: 1, method: "mocov2" }, "cpu");
  await playground.page.waitForTimeout(2000);
  const { run, dataset, teacher } = await playground.snapshot();
  expect({ state: run.state, teacher, dataset }).toEqual({ state: "idle", teacher: null, dataset: null });
});
