/** The view for courses and articles. */
import AxeBuilder from "@axe-core/playwright";
import { expect, test } from "./playground.ts";

const link =
  "v=2&seed=3&imageSize=16&studentWidth=4&batchSize=8&queueSize=32&teacherInputSize=8&steps=12&evaluateEvery=6&backend=wasm";

test.use({ viewport: { width: 480, height: 360 } });

for (const colorScheme of ["light", "dark"] as const) {
  test(`all of it fits into 480 × 360, and axe finds nothing, ${colorScheme}`, async ({ playground }) => {
    const { page } = playground;
    await page.emulateMedia({ colorScheme });
    await page.goto(`./?embed=start,pause,step,stop,width,method#${link}`);
    await playground.until(({ backend, dataset }) => backend !== null && dataset !== null);
    const check = async (state: string): Promise<void> => {
      const { violations } = await new AxeBuilder({ page }).analyze();
      expect(
        violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(", ")}`),
        state,
      ).toEqual([]);
      const overflow = await page.evaluate(() => {
        const { scrollWidth, clientWidth, scrollHeight, clientHeight } = document.documentElement;
        return [scrollWidth - clientWidth, scrollHeight - clientHeight];
      });
      expect(overflow, state).toEqual([0, 0]);
    };
    await check("before Start");
    await playground.click("start");
    expect((await playground.untilRun("ended")).run.end).toEqual({ kind: "finished" });
    await expect(page.getByRole("group", { name: "Nearest now" }).getByRole("button")).toHaveCount(4);
    await check("after a run");
    await page.screenshot({ path: `test-results/embed-${colorScheme}.png` });
  });
}

test("what was left in changes the run, and what was not is not there", async ({ playground }) => {
  const { page } = playground;
  await page.goto(`./?embed=step,width,nonsense#${link}`);
  await playground.until(({ backend }) => backend !== null);
  await expect(page.getByTestId("embed")).toContainText("Not to be had here: nonsense.");
  for (const gone of ["start", "pause", "stop", "station-data", "folder-input", "backend-badge"])
    await expect(page.getByTestId(gone)).toHaveCount(0);
  await page.locator("[data-setting=hiddenWidth]").selectOption("64");
  await playground.click("step");
  const { run } = await playground.until((now) => now.run.state === "paused" && now.run.step === 1);
  expect(run.config).toMatchObject({ hiddenWidth: 64, batchSize: 8, seed: 3 });
  await expect(page.getByTestId("full-page")).toHaveAttribute("href", /\/some\/where\/#v=2.*hiddenWidth=64/);
  // The keyboard does not start what has no button.
  await page.locator("body").press("Space");
  await page.waitForTimeout(1000);
  expect((await playground.snapshot()).run).toMatchObject({ step: 1, state: "paused" });
});
