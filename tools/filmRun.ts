/** Pictures of the real page during the default demo run, for docs: used by `film-strip` and `animation`. */
import { chromium } from "playwright";
import type {} from "../src/page/shell/automation.ts"; // window.playground
import { chromiumLaunchOptions, ensureChromium } from "./browser.ts";
import { buildSiteIfStale, distFolder } from "./build.ts";
import { serveSite } from "./serve.ts";

export interface FilmedMoment {
  /** Since the click on Start; 0 before it. */
  readonly seconds: number;
  readonly step: number;
  readonly isOver: boolean;
}

export interface FilmedPicture extends FilmedMoment {
  readonly png: Buffer;
}

interface Filming {
  readonly width: number;
  readonly height: number;
  /** Pixels of a picture by CSS pixels of the page. */
  readonly scale: number;
  /** Whether to take a picture now. */
  readonly isDue: (now: FilmedMoment, taken: readonly FilmedPicture[]) => boolean;
  /** Whether no more are wanted. */
  readonly isEnough: (now: FilmedMoment, taken: readonly FilmedPicture[]) => boolean;
}

/** The page before Start, and then whenever a picture is due. */
export async function filmRun({
  width,
  height,
  scale,
  isDue,
  isEnough,
}: Filming): Promise<readonly FilmedPicture[]> {
  ensureChromium();
  await buildSiteIfStale();
  const site = await serveSite({ folder: distFolder });
  const browser = await chromium.launch(chromiumLaunchOptions({ webgpu: "hardware" }));
  try {
    const page = await browser.newPage({ viewport: { width, height }, deviceScaleFactor: scale });
    await page.goto(site.url);
    for (const network of ["before", "teacher"])
      await page.waitForFunction(
        (id) => document.querySelector(`[data-testid="right-${id}"]`)?.textContent !== "",
        network,
      );
    const taken: FilmedPicture[] = [{ seconds: 0, step: 0, isOver: false, png: await page.screenshot() }];
    await page.getByTestId("start").click();
    const startMs = performance.now();
    for (;;) {
      const { step, state } = await page.evaluate(
        () => window.playground?.snapshot().run ?? { step: 0, state: "idle" },
      );
      const now = { seconds: (performance.now() - startMs) / 1000, step, isOver: state === "ended" };
      if (isDue(now, taken)) taken.push({ ...now, png: await page.screenshot() });
      if (isEnough(now, taken)) return taken;
      await page.waitForTimeout(50);
    }
  } finally {
    await browser.close();
    await site.close();
  }
}
