import { expect, test } from "./playground.ts";

test("a run from the keyboard alone", async ({ playground }) => {
  const { page } = playground;
  await playground.open({ method: "mocov2", steps: 5000 }, "wasm");

  await page.keyboard.press("Space");
  await playground.until(({ run }) => run.state === "running" && run.step >= 1);
  await page.keyboard.press("Space");
  const paused = (await playground.untilRun("paused")).run.step;
  await page.keyboard.press("ArrowRight");
  await playground.until(({ run }) => run.state === "paused" && run.step === paused + 1);
  await page.keyboard.press("Space");
  await playground.until(({ run }) => run.state === "running" && run.step > paused + 1);

  const stop = page.getByTestId("stop");
  for (
    let presses = 0;
    presses < 60 && !(await stop.evaluate((button) => button === document.activeElement));
    presses++
  )
    await page.keyboard.press("Tab");
  await expect(stop).toBeFocused();
  await page.keyboard.press("Enter");
  expect((await playground.untilRun("ended")).run.end).toEqual({ kind: "stopped" });
});

test("a key typed into a field stays there", async ({ playground }) => {
  await playground.open({ method: "mocov2" }, "cpu");
  await playground.click("view-ablation");
  await playground.page.getByTestId("ablation-values").focus();
  await playground.page.keyboard.type("16, 32");
  await playground.page.keyboard.press("Space");
  await playground.page.waitForTimeout(500);
  expect((await playground.snapshot()).run.state).toBe("idle");
});
