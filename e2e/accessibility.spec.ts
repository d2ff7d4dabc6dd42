/** What axe finds, in each state of the page, light and dark; and that nothing moves while a run goes on. */
import AxeBuilder from "@axe-core/playwright";
import type { Locator } from "@playwright/test";
import { stations } from "../src/page/stations/stationSettings.ts";
import { openStation } from "../tools/openStation.ts";
import { createPictureFolder, type TestFolder } from "./testImages.ts";
import { expect, test, type Playground } from "./playground.ts";

let pictures: TestFolder;
test.beforeAll(() => {
  pictures = createPictureFolder(8);
});
test.afterAll(() => pictures.remove());

async function expectNothing({ page }: Playground, state: string): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  const found = violations.map(
    ({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target.join(" ")).join(", ")}`,
  );
  expect(found, state).toEqual([]);
}

/** With what a view shows only when asked for. */
async function openView(playground: Playground, view: string): Promise<void> {
  await playground.click(`view-${view}`);
  if (view === "runs") await playground.page.getByRole("checkbox", { name: /^Choose / }).check();
  await playground.page.waitForTimeout(300);
}

for (const colorScheme of ["light", "dark"] as const) {
  test(`axe finds nothing, ${colorScheme}`, async ({ playground }) => {
    const { page } = playground;
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    await playground.open({ method: "mocov2", teacher: "none", steps: 12, evaluateEvery: 6 }, "wasm");
    await playground.until(({ dataset }) => dataset !== null);
    await expectNothing(playground, "before Start");
    for (const station of stations) {
      await openStation(page, station);
      await expectNothing(playground, `settings of ${station}`);
    }
    await playground.click("station-close");
    await playground.click("slow-step-button");
    await page.getByTestId("slow-step").waitFor();
    await expectNothing(playground, "one slow step");
    await playground.click("start");
    await playground.untilRun("ended");
    await page.getByTestId("more-curves").locator("summary").first().click();
    await expectNothing(playground, "after a run");
    for (const view of ["ablation", "runs", "explore"]) {
      await openView(playground, view);
      await expectNothing(playground, view);
    }
    await page
      .getByTestId("files-input")
      .setInputFiles({ name: "notes.txt", mimeType: "", buffer: Buffer.from("no") });
    await playground.until(({ notices }) => notices.length > 0);
    await expectNothing(playground, "an error");
  });
}

test("nothing moves while a run begins, goes on and ends", async ({ playground }) => {
  const { page } = playground;
  await page.addInitScript(() => {
    const shifts: string[] = [];
    Object.assign(window, { shifts });
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries() as (PerformanceEntry & {
        value: number;
        hadRecentInput: boolean;
        sources: { node: Node | null; previousRect: DOMRect; currentRect: DOMRect }[];
      })[]) {
        const where = entry.sources.map(({ node, previousRect: before, currentRect: after }) => {
          const what =
            node instanceof Element
              ? `${node.tagName}.${node.getAttribute("class") ?? ""}`
              : `“${node?.textContent}”`;
          return `${what} from ${before.x},${before.y} ${before.height} to ${after.x},${after.y} ${after.height}`;
        });
        shifts.push(`${entry.value.toFixed(4)} ${where.join("; ")}`);
      }
    }).observe({ type: "layout-shift", buffered: false });
  });
  await playground.open({ data: "own", steps: 30, evaluateEvery: 10 }, "wasm");
  await page.getByTestId("folder-input").setInputFiles(pictures.path);
  await playground.until(({ dataset }) => dataset?.kind === "own");
  await page.waitForTimeout(1000);
  await page.evaluate(() => ((window as unknown as { shifts: string[] }).shifts.length = 0));
  await playground.click("start");
  await playground.untilRun("ended");
  await page.waitForTimeout(1000);
  expect(await page.evaluate(() => (window as unknown as { shifts: string[] }).shifts)).toEqual([]);
});

test("from the top, a dozen stops at most lead to the first chart", async ({ playground }) => {
  const { page } = playground;
  await playground.open({}, "cpu");
  await page.getByTestId("chart-knn").waitFor();
  await page.keyboard.press("Tab");
  await expect(page.getByRole("button", { name: "Skip to the page" })).toBeFocused();
  await page.keyboard.press("Tab");
  await expect(page.getByRole("button", { name: "Skip to the curves" })).toBeFocused();
  await page.keyboard.press("Enter");
  const isAtChart = () =>
    page.evaluate(() => document.activeElement?.closest("figure[data-testid]") !== null);
  let stops = 2;
  for (; stops <= 12 && !(await isAtChart()); stops++) await page.keyboard.press("Tab");
  expect(await isAtChart(), `a chart after ${stops} stops`).toBe(true);
});

/** The one in sight: on a phone it is in the bar at the bottom. */
function startButton({ page }: Playground): Locator {
  return page.getByRole("button", { name: "Start", exact: true }).filter({ visible: true });
}

const sizes = [
  { width: 390, height: 844 },
  { width: 1024, height: 768 },
];
for (const size of sizes) {
  test(`axe finds nothing at ${size.width} × ${size.height}`, async ({ playground }) => {
    const { page } = playground;
    await page.setViewportSize(size);
    await page.emulateMedia({ reducedMotion: "reduce" });
    await playground.open({ method: "mocov2", teacher: "none", steps: 4, evaluateEvery: 2 }, "wasm");
    await playground.until(({ dataset }) => dataset !== null);
    await expectNothing(playground, "before Start");
    await openStation(page, "teacher");
    await expectNothing(playground, "settings of the teacher");
    await playground.click("station-close");
    await startButton(playground).click();
    await playground.untilRun("ended");
    await expectNothing(playground, "after a run");
    for (const view of ["ablation", "runs", "explore"]) {
      await openView(playground, view);
      await expectNothing(playground, view);
    }
  });
}

/** From the narrowest phone to a large screen; 720 × 450 and 512 × 384 are 1440 × 900 and 1024 × 768 at twice the size. */
const extents = [
  [360, 640],
  [512, 384],
  [720, 450],
  [1024, 768],
  [2560, 1440],
] as const;
for (const [width, height] of extents) {
  test(`nothing is wider than a window of ${width} × ${height}`, async ({ playground }) => {
    const { page } = playground;
    await page.setViewportSize({ width, height });
    await playground.open({ method: "mocov2", teacher: "none", steps: 2, evaluateEvery: 1 }, "wasm");
    await playground.until(({ dataset }) => dataset !== null);
    const expectToFit = async (state: string): Promise<void> => {
      const tooWide = await page.evaluate(() => {
        const { scrollWidth } = document.documentElement;
        if (scrollWidth <= innerWidth) return [];
        const reach = (element: Element): number => element.getBoundingClientRect().right;
        const names = [...document.querySelectorAll("main *, header *")]
          .filter((element) => reach(element) > innerWidth + 1)
          .map(
            (element) =>
              `${element.tagName}.${element.getAttribute("class") ?? ""} ends at ${reach(element)}`,
          );
        return [`the page is ${scrollWidth} wide`, ...names.slice(0, 5)];
      });
      expect(tooWide, state).toEqual([]);
    };
    await expectToFit("before Start");
    await startButton(playground).click();
    await playground.untilRun("ended");
    await expectToFit("after a run");
    for (const view of ["ablation", "runs", "explore"]) {
      await openView(playground, view);
      await expectToFit(view);
    }
    await playground.click("view-train");
    await openStation(page, "teacher");
    await expectToFit("settings of the teacher");
  });
}
