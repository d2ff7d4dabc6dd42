import type { Locator } from "@playwright/test";
import { drawPicture } from "./testImages.ts";
import { expect, test, type Playground } from "./playground.ts";

/** What a canvas shows, as text that can be compared. */
function pixelsOf(canvas: Locator): Promise<string> {
  return canvas.evaluate((element) => (element as HTMLCanvasElement).toDataURL());
}

function nearestNow({ page }: Playground): Locator {
  return page.getByRole("group", { name: "Nearest now" }).getByRole("button");
}

test("from a picture to its views, and to what the student makes of them", async ({ playground }) => {
  const { page } = playground;
  await playground.open({ method: "mocov2", teacher: "none", steps: 3 }, "wasm");
  await playground.until(({ dataset }) => dataset !== null);
  await playground.click("start");
  await playground.untilRun("ended");

  await page.getByRole("button", { name: "Its views" }).click();
  await expect(page.getByTestId("view-explore")).toHaveAttribute("aria-selected", "true");
  const views = page.getByTestId("picture-views");
  const [whole, first] = [
    views.getByRole("button", { name: /whole/ }),
    views.getByRole("button", { name: /view 1/ }),
  ];
  await expect(first).toBeEnabled();
  await expect(whole).toHaveAttribute("aria-pressed", "true");
  expect(await pixelsOf(first.locator("canvas"))).not.toBe(await pixelsOf(whole.locator("canvas")));
  expect(await first.locator("canvas").getAttribute("width")).toBe("16"); // the views' size, not the set's

  await expect(nearestNow(playground)).toHaveCount(10);
  await first.click();
  await expect(first).toHaveAttribute("aria-pressed", "true");
  await expect(page.getByText(/finds most like view 1 of/)).toBeVisible();
  await expect(nearestNow(playground)).toHaveCount(10);

  const before = await pixelsOf(first.locator("canvas"));
  await views.getByRole("button", { name: "Draw others" }).click();
  await expect.poll(() => pixelsOf(first.locator("canvas"))).not.toBe(before);
  await expect(whole).toHaveAttribute("aria-pressed", "true");
});

test("a photo of no set has views and neighbours too", async ({ playground }) => {
  const { page } = playground;
  await playground.open({ method: "mocov2", teacher: "none", steps: 2 }, "wasm");
  await playground.until(({ dataset }) => dataset !== null);
  await playground.click("start");
  await playground.untilRun("ended");
  await playground.click("view-explore");
  await page
    .getByTestId("try-photo")
    .setInputFiles({ name: "mine.png", mimeType: "image/png", buffer: drawPicture("discs", 5) });
  const view = page.getByTestId("picture-views").getByRole("button", { name: "view 2 of mine.png" });
  await expect(nearestNow(playground)).toHaveCount(10);
  await view.click();
  await expect(page.getByText("most like view 2 of mine.png")).toBeVisible();
  await expect(nearestNow(playground)).toHaveCount(10);
});
