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

test("→ takes a step while a button has the keyboard, and moves among pictures where they have it", async ({
  playground,
}) => {
  const { page } = playground;
  await playground.open({ method: "mocov2", steps: 5000 }, "wasm");
  await playground.click("step");
  const { step } = (await playground.until(({ run }) => run.state === "paused" && run.step === 1)).run;
  await page.getByTestId("pause").focus();
  await page.keyboard.press("ArrowRight");
  await playground.until(({ run }) => run.step === step + 1 && run.state === "paused");

  const choices = page.getByRole("toolbar", { name: "Other pictures" }).getByRole("button");
  await choices.first().focus();
  await page.keyboard.press("ArrowRight");
  await expect(choices.nth(1)).toBeFocused();
  await page.keyboard.press("Tab"); // one stop for all of them
  await expect(page.getByRole("button", { name: "Its views" })).toBeFocused();
  expect((await playground.snapshot()).run.step).toBe(step + 1);
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
