import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { createPictureFolder, drawPicture, encodePng, type TestFolder } from "./testImages.ts";
import { expect, test } from "./playground.ts";

let pictures: TestFolder;
test.beforeAll(() => {
  pictures = createPictureFolder(12);
  const whole = drawPicture("discs", 99);
  writeFileSync(join(pictures.path, "stripes", "notes.txt"), "not a picture\n");
  writeFileSync(join(pictures.path, "stripes", "empty.png"), "");
  writeFileSync(join(pictures.path, "stripes", "cut.png"), whole.subarray(0, whole.length / 2));
  writeFileSync(
    join(pictures.path, "stripes", "dot.png"),
    encodePng(3, 3, () => [1, 2, 3]),
  );
  writeFileSync(join(pictures.path, "stripes", "renamed.jpg"), drawPicture("stripes", 50)); // a PNG, and welcome
  writeFileSync(join(pictures.path, "discs", "<img src=x onerror=alert(1)>.png"), "hostile name");
  writeFileSync(join(pictures.path, ".DS_Store"), "skipped without a word");
});
test.afterAll(() => pictures.remove());

test("bad files are refused one by one with reasons, and the rest is taken", async ({ playground }) => {
  await playground.open({ data: "own" }, "cpu");
  await playground.page.getByTestId("folder-input").setInputFiles(pictures.path);
  const { dataset } = await playground.until((snapshot) => snapshot.dataset?.kind === "own");
  expect(dataset?.count).toBe(pictures.count + 1);

  await playground.station("data");
  const rejects = playground.page.getByTestId("rejects");
  for (const name of ["notes.txt", "empty.png", "cut.png", "dot.png", "<img src=x onerror=alert(1)>.png"])
    await expect(rejects).toContainText(name);
  await expect(rejects).toContainText("3 × 3");
  await expect(rejects).not.toContainText("renamed.jpg");
  await expect(rejects).not.toContainText("DS_Store");
});
