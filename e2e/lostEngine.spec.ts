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

test("an engine that ends without a word is missed at once, and the way back says what to give again", async ({
  playground,
}) => {
  const { page } = playground;
  await playground.open({ data: "own", method: "mocov2", teacher: "none", steps: 100_000 }, "cpu");
  await page.getByTestId("folder-input").setInputFiles(pictures.path);
  await playground.until((snapshot) => snapshot.dataset?.kind === "own");
  await playground.click("start");
  await playground.until(({ run }) => run.state === "running" && run.step >= 1);

  await engineOf(playground).evaluate(() => self.close());
  const { run } = await playground.untilRun("ended", 8000);
  expect(run.end).toMatchObject({ kind: "failed", error: { code: "backend-lost" } });
  await playground.click("restart-engine");
  const back = await playground.until(
    ({ notices, backend, dataset }) =>
      backend !== null && dataset === null && notices.some(({ kind }) => kind === "info"),
  );
  expect(back.notices.at(-1)?.message).toContain(`Give it again: the images, ${pictures.count} from`);

  await page.getByTestId("folder-input").setInputFiles(pictures.path);
  await playground.until((snapshot) => snapshot.dataset?.kind === "own");
  await playground.click("start");
  await playground.until((snapshot) => snapshot.run.state === "running" && snapshot.run.step >= 1);
  await playground.click("stop");
  await playground.untilRun("ended");
});

test("an engine that does not answer can be restarted, while a run is going too", async ({ playground }) => {
  const { page } = playground;
  await playground.open({ method: "mocov2", teacher: "none", steps: 100_000 }, "cpu");
  await playground.click("start");
  await playground.until(({ run }) => run.state === "running" && run.step >= 1);
  void engineOf(playground)
    .evaluate(() => {
      for (;;);
    })
    .catch(() => undefined); // it ends with its worker
  await expect(page.getByTestId("engine-silence")).toContainText("has not answered for 1", {
    timeout: 20_000,
  });
  await playground.click("restart-engine");
  const { run } = await playground.untilRun("ended");
  expect(run.end).toMatchObject({
    kind: "failed",
    error: { message: expect.stringMatching(/restarted while/) },
  });
  await expect(page.getByTestId("engine-silence")).toBeHidden();
  await playground.click("start");
  await playground.until((snapshot) => snapshot.run.state === "running" && snapshot.run.step >= 1);
});

test("when the GPU is lost, the hint names the button that is there", async ({ playground }) => {
  const { page } = playground;
  await playground.open();
  const devtools = await page.context().browser()!.newBrowserCDPSession();
  await devtools.send("Browser.crashGpuProcess");
  const { notices } = await playground.until((snapshot) => snapshot.notices.length > 0);
  expect(notices[0]?.message).toMatch(/^The GPU was lost/);
  expect(notices[0]?.hint).toMatch(/^Restart the engine\./);
  await playground.click("restart-engine");
  await playground.until(({ backend }) => backend !== null);
});
