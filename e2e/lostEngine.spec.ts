import type { Worker } from "@playwright/test";
import { createPictureFolder, type TestFolder } from "./testImages.ts";
import { expect, test, type Playground } from "./playground.ts";

let pictures: TestFolder;
test.beforeAll(() => {
  pictures = createPictureFolder(8);
});
test.afterAll(() => pictures.remove());

function engineOf({ page }: Playground): Worker {
  const worker = page.workers().find((one) => /\/entry-[\w-]+\.js$/.test(one.url()));
  if (worker === undefined)
    throw new Error(
      `no engine among ${page
        .workers()
        .map((one) => one.url())
        .join(", ")}`,
    );
  return worker;
}

/** Kept often, so that there is something to go on from at once. */
async function keepOften({ page }: Playground): Promise<void> {
  await page.addInitScript(() => {
    if (location.protocol !== "about:") localStorage.setItem("keep-every-seconds", "1");
  });
}

test("an engine that ends without a word is replaced at once, with its images, and the run goes on", async ({
  playground,
}) => {
  const { page } = playground;
  await keepOften(playground);
  await playground.open({ data: "own", method: "mocov2", teacher: "none", steps: 100_000 }, "cpu");
  await page.getByTestId("folder-input").setInputFiles(pictures.path);
  await playground.until((snapshot) => snapshot.dataset?.kind === "own");
  await playground.click("start");
  const { run } = await playground.until(({ run }) => run.state === "running" && run.step >= 1);
  await page.waitForTimeout(4000);

  await engineOf(playground).evaluate(() => self.close());
  const back = await playground.until(({ notices }) =>
    notices.some(({ message }) => message.includes("the run went on from step")),
  );
  expect(back.dataset).toMatchObject({ kind: "own", count: pictures.count });
  const on = await playground.until((snapshot) => snapshot.run.state === "running");
  expect(on.run.runId).toBe(run.runId);
  await playground.until((snapshot) => snapshot.run.step > on.run.step);
  await playground.click("stop");
  expect((await playground.untilRun("ended")).run.end).toEqual({ kind: "stopped" });
});

test("before its first checkpoint a run is lost with its engine, and its images are there again", async ({
  playground,
}) => {
  const { page } = playground;
  await playground.open({ data: "own", method: "mocov2", teacher: "none" }, "cpu");
  await page.getByTestId("folder-input").setInputFiles(pictures.path);
  await playground.until((snapshot) => snapshot.dataset?.kind === "own");
  await engineOf(playground).evaluate(() => self.close());
  await playground.until(({ notices }) => notices.some(({ message }) => /engine stopped/i.test(message)));
  await playground.until(({ notices, dataset }) => notices.length === 0 && dataset?.kind === "own");
  await playground.click("start");
  await playground.until((snapshot) => snapshot.run.state === "running" && snapshot.run.step >= 1);
  await playground.click("stop");
  await playground.untilRun("ended");
});

test("an engine that does not answer can be restarted, and the run goes on", async ({ playground }) => {
  const { page } = playground;
  await keepOften(playground);
  await playground.open({ method: "mocov2", teacher: "none", steps: 100_000 }, "cpu");
  await playground.click("start");
  await playground.until(({ run }) => run.state === "running" && run.step >= 1);
  await page.waitForTimeout(4000);
  // In a turn of its own: what the debugger runs, the browser does not end.
  await engineOf(playground).evaluate(() => {
    setTimeout(() => {
      for (;;);
    });
  });
  await expect(page.getByTestId("engine-silence")).toContainText("has not answered for 1", {
    timeout: 20_000,
  });
  const { run } = await playground.snapshot();
  await playground.click("restart-engine");
  await playground.until((snapshot) => snapshot.run.runId === run.runId && snapshot.run.state === "running");
  await expect(page.getByTestId("engine-silence")).toBeHidden();
  await playground.until((snapshot) => snapshot.run.step > run.step);
});

test("when the GPU is lost, another is opened unasked", async ({ playground }) => {
  const { page } = playground;
  await playground.open();
  const devtools = await page.context().browser()!.newBrowserCDPSession();
  await devtools.send("Browser.crashGpuProcess");
  const { notices } = await playground.until((snapshot) => snapshot.notices.length > 0);
  expect(notices[0]?.message).toMatch(/^The GPU was lost/);
  await playground.until((snapshot) => snapshot.notices.length === 0);
  expect((await playground.snapshot()).backend).toMatchObject({ chosen: "webgpu" });
  await playground.click("step");
  await playground.until(({ run }) => run.state === "paused" && run.step === 1);
});
