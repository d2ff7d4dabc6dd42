import type { Page } from "playwright";
import type { Station } from "../src/page/stores/stationStore.ts";

/** What opens a station's settings, by its test id. */
const openers: Readonly<Record<Station, string>> = {
  data: "station-data",
  views: "station-views",
  student: "station-student",
  teacher: "station-teacher",
  objective: "station-losses",
  training: "station-training",
  machine: "backend-badge",
};

/** Opens the settings of a station of the page, with all that is folded away in them, as a visitor does. */
export async function openStation(page: Page, station: Station): Promise<void> {
  const panel = page.getByTestId("station-panel");
  if ((await panel.getAttribute("data-station", { timeout: 100 }).catch(() => null)) !== station) {
    // On a phone the panel covers the stations.
    const close = page.getByTestId("station-close");
    if (await close.isVisible()) await close.click();
    await page.getByTestId(openers[station]).click();
  }
  await panel.locator("[data-testid=setting-search]").waitFor();
  if (station === "teacher") await unfold(page, "more-teachers");
}

/** Opens the form for addresses of images or teachers. */
export async function openWebForm(page: Page, use: "teacher" | "data"): Promise<void> {
  await openStation(page, use);
  await unfold(page, `${use}-web`);
}

async function unfold(page: Page, testId: string): Promise<void> {
  const details = page.getByTestId(testId);
  await details.waitFor();
  if ((await details.getAttribute("open")) === null) await details.locator("summary").first().click();
}
