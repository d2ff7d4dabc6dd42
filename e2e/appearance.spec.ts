/**
 * How the page looks in its main states, compared with the pictures in `e2e/appearance`. `npm run appearance` takes them
 * anew, to be looked at before they are committed.
 */
import { setTimeout } from "node:timers/promises";
import { useFixedFont } from "./fixedFont.ts";
import { expect, test, type Playground } from "./playground.ts";

// Playwright hides and freezes by styles of its own, which the page's policy forbids; other specs watch over that.
test.use({ bypassCSP: true });

const desktop = { width: 1280, height: 800 };
const phone = { width: 390, height: 844 };
/** Steps of the run that is looked at; the demo set, the bundled teacher and the seed are the page's defaults. */
const steps = 12;
const evaluateEvery = 4;
/** The step at which the run is looked at half-way. */
const looked = 6;
/** Words about a run are brought up to date twice a second, charts ten times: for pictures that are taken anew. */
const restMs = 1200;

for (const colorScheme of ["light", "dark"] as const) {
  test(`the page looks as it did, ${colorScheme}`, async ({ playground }, { config }) => {
    const { page } = playground;
    const look = async (state: string): Promise<void> => {
      await page.mouse.move(0, 0);
      if (config.updateSnapshots === "all" || config.updateSnapshots === "changed") await setTimeout(restMs);
      await expect
        .soft(
          page,
          `${state}, ${colorScheme}, has changed. If it was to: npm run appearance, and look at it.`,
        )
        .toHaveScreenshot(`${state}-${colorScheme}.png`, { timeout: 8000 });
    };

    await page.setViewportSize(desktop);
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    await useFixedFont(page);
    await playground.openHash(`backend=wasm&steps=${steps}&evaluateEvery=${evaluateEvery}`);
    await allIsKnown(playground, ["before", "teacher"]);
    await look("before");
    await page.setViewportSize(phone);
    await look("phone-before");
    await page.setViewportSize(desktop);

    await stepTo(playground, looked - 1);
    await takeSlowStep(playground);
    await playground.until(({ run }) => run.baseline !== null && run.baseline.teacherKnn !== null);
    await allIsKnown(playground, ["before", "now", "teacher"]);
    await look("training");

    await stepTo(playground, steps - 1);
    await takeSlowStep(playground);
    await playground.click("start"); // there is no step left
    await playground.untilRun("ended");
    await allIsKnown(playground, ["before", "now", "teacher"]);
    await look("end");
    await page.setViewportSize(phone);
    await look("phone-end");
    await page.setViewportSize(desktop);

    await playground.station("objective");
    await look("station");
    await playground.click("station-close");
    for (const view of ["ablation", "explore", "runs"]) {
      await playground.click(`view-${view}`);
      if (view === "explore")
        await expect(page.getByTestId("picture-views").locator("button").first()).toBeEnabled();
      if (view === "runs") await expect(page.getByRole("button", { name: /^Star / })).toBeEnabled(); // it is kept
      await look(view);
    }
    await page
      .getByTestId("files-input")
      .setInputFiles({ name: "notes.txt", mimeType: "", buffer: Buffer.from("no picture") });
    await playground.until(({ notices }) => notices.length > 0);
    await look("error");
  });
}

/** From a run that is paused, or none, to one that is paused after so many steps. */
async function stepTo(playground: Playground, last: number): Promise<void> {
  for (let step = (await playground.snapshot()).run.step + 1; step <= last; step++) {
    await playground.click("step");
    await playground.until(({ run }) => run.state === "paused" && run.step === step);
  }
}

/** Its pictures are those of its step, whenever they come; of other steps they are shown as time allows. */
async function takeSlowStep({ page }: Playground): Promise<void> {
  await page.getByTestId("slow-step-button").click();
  await page.getByTestId("slow-step").getByRole("button", { name: "Close" }).click();
}

/** Until the neighbours of the picture that is looked at are there, by these. */
async function allIsKnown({ page }: Playground, networks: readonly string[]): Promise<void> {
  await page.evaluate(() => document.fonts.ready);
  for (const network of networks)
    await expect(page.getByTestId(`right-${network}`)).toHaveText(/\d/, { timeout: 60_000 });
}
