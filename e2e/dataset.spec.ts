/** Images out of parquet files: of a data set on a server that does what the hub does, and of this machine. */
import { writeImageTable } from "../src/formats/testing/parquetWriter.ts";
import { startHub, type Hub } from "../tools/testing/hub.ts";
import { openWebForm } from "../tools/openStation.ts";
import { expect, test, type Playground } from "./playground.ts";
import { drawPicture } from "./testImages.ts";

const classNames = ["stripes", "discs"] as const;

function table(rows: number, first = 0): Uint8Array<ArrayBuffer> {
  const labels = Array.from({ length: rows }, (_, i) => i % 2);
  const images = labels.map((label, i) => new Uint8Array(drawPicture(classNames[label]!, first + i)));
  return writeImageTable({ images, labels, classNames, rowGroupSize: 20 });
}

let hub: Hub;
test.beforeEach(async () => {
  hub = await startHub();
  const files = new Map([
    ["default/train/0000.parquet", table(60)],
    ["default/test/0000.parquet", table(40, 100)],
    ["default/test/0001.parquet", table(40, 200)],
  ]);
  hub.datasets.set("owner/pictures", { "refs/convert/parquet": files });
  hub.datasets.set("terms/pictures", { main: new Map([["data/train.parquet", table(4)]]) });
});
test.afterEach(() => hub.close());

async function lookUp({ page, allowed }: Playground, address: string): Promise<void> {
  for (const origin of [hub.url, hub.mirror]) allowed.add(origin);
  await openWebForm(page, "data");
  await page.getByTestId("data-address").fill(address);
  await page.getByTestId("data-look-up").click();
}

test("a data set by its address: looked into, a part of it chosen, trained on, and named by the link", async ({
  playground,
}) => {
  const { page } = playground;
  await playground.open({ steps: 2 }, "wasm");
  await lookUp(playground, `${hub.url}/datasets/owner/pictures`);
  const facts = page.getByTestId("table-facts");
  await expect(facts).toContainText("60 rows in one file");
  await page.getByTestId("table-split").selectOption({ index: 0 });
  await expect(facts).toContainText("80 rows in 2 files");
  await expect(page.getByTestId("table-label-column")).toHaveValue("label");
  await page.getByTestId("table-most").fill("30");
  await playground.click("table-load");

  const { dataset } = await playground.until((snapshot) => snapshot.dataset?.kind === "own");
  expect(dataset).toMatchObject({ name: "owner/pictures, test", count: 30, labels: ["stripes", "discs"] });
  await playground.click("start");
  const { run } = await playground.untilRun("ended");
  expect(run.end).toEqual({ kind: "finished" });
  const files = hub.requests.filter(({ path }) => path.endsWith(".parquet"));
  expect(files.length).toBeGreaterThan(4);
  for (const { headers } of files) expect(headers["range"]).toMatch(/^bytes=\d+-\d+$/);

  // Whoever opens the link finds the same images, and nothing is asked for before a click.
  await expect(page).toHaveURL(/dataFrom=/);
  const asked = hub.requests.length;
  await playground.openHash(new URL(page.url()).hash.slice(1));
  expect(hub.requests).toHaveLength(asked);
  await openWebForm(page, "data");
  await expect(page.getByTestId("data-address")).toHaveValue(/config=default&split=test&table.images=30/);
  await playground.click("data-look-up");
  await expect(page.getByTestId("table-most")).toHaveValue("30");
  await playground.click("table-load");
  const again = await playground.until((snapshot) => snapshot.dataset?.kind === "own");
  expect(again.dataset?.fingerprint).toBe(dataset?.fingerprint);
});

test("what cannot be had says why; a parquet file of one's own can be chosen like any other", async ({
  playground,
}) => {
  const { page } = playground;
  await playground.open({ data: "own" }, "cpu");
  const refusal = page.getByTestId("table-error");
  await lookUp(playground, `${hub.url}/datasets/no/body`);
  await expect(refusal).toContainText('no data set "no/body"');
  await lookUp(playground, `${hub.url}/datasets/terms/pictures`);
  await expect(refusal).toContainText("403");
  await expect(refusal).toContainText("accept the terms");

  const parquet = { name: "mine.parquet", mimeType: "", buffer: Buffer.from(table(24)) };
  await page.getByTestId("files-input").setInputFiles(parquet);
  await expect(page.getByTestId("table-facts")).toContainText("24 rows in one file");
  await page.getByTestId("table-label-column").selectOption({ index: 0 });
  await playground.click("table-load");
  const { dataset } = await playground.until((snapshot) => snapshot.dataset?.kind === "own");
  expect(dataset).toMatchObject({ name: "mine.parquet", count: 24, labels: [] });

  const broken = { ...parquet, name: "broken.parquet", buffer: parquet.buffer.subarray(0, 500) };
  await page.getByTestId("files-input").setInputFiles(broken);
  await expect(refusal).toContainText("broken.parquet");
});
