/** The real worker against a server that lists data sets as Hugging Face does. */
import { afterAll, describe, expect, inject, test } from "vitest";
import type {} from "../../../tools/testing/serveHub.ts"; // what `inject` knows
import { parseDatasetAddress } from "../../contract/datasetAddress.ts";
import type { DatasetFiles } from "../../contract/download.ts";
import { createDownloadClient } from "../../page/download/downloadClient.ts";

const hub = inject("hub");
let worker: Worker | null = null;
const client = createDownloadClient(() => {
  worker = new Worker(new URL("./downloadWorker.ts", import.meta.url), { type: "module" });
  return worker;
});
afterAll(() => worker?.terminate());

function list(name: string): Promise<DatasetFiles> {
  return client.request("datasetFiles", { dataset: parseDatasetAddress(`${hub.url}/datasets/${name}`)! });
}

describe("the parquet files of a data set", () => {
  test("are those that the hub made of it, with their sizes, and can be read in parts", async () => {
    const { splits } = await list("owner/converted");
    const branch = `${hub.url}/datasets/owner/converted/resolve/refs%2Fconvert%2Fparquet`;
    expect(splits).toEqual([
      {
        config: "other",
        split: "partial-train",
        files: [{ name: "0000.parquet", address: `${branch}/other/partial-train/0000.parquet`, bytes: 7 }],
      },
      {
        config: "plain_text",
        split: "test",
        files: [{ name: "0000.parquet", address: `${branch}/plain_text/test/0000.parquet`, bytes: 5 }],
      },
      {
        config: "plain_text",
        split: "train",
        files: [
          { name: "0000.parquet", address: `${branch}/plain_text/train/0000.parquet`, bytes: 10 },
          { name: "0001.parquet", address: `${branch}/plain_text/train/0001.parquet`, bytes: 20 },
        ],
      },
    ]);
    const file = splits[2]!.files[1]!;
    expect(await client.openRemote(file.address).read(15, 20)).toEqual(new Uint8Array(5)); // by way of a redirect
  });

  test("else its own, by the names that the datasets library gives", async () => {
    const { splits } = await list("owner/own");
    expect(splits.map(({ config, split, files }) => [config, split, files.length])).toEqual([
      ["default", "test", 1],
      ["default", "train", 2],
      ["de", "validation", 1],
    ]);
  });

  test("are asked for again where the hub is busy", async () => {
    expect((await list("busy/converted")).splits).toHaveLength(3);
  });

  test.each([
    [
      "nobody/knows",
      "not-found",
      /no data set "nobody\/knows" that is open to all.*\(401\)/,
      /Check its name/,
    ],
    ["gated/converted", "not-found", /private, or one must agree to terms/, /drop them on this page/],
    ["owner/empty", "not-found", /no public data set/, /owner\/name/],
    ["owner/text", "file-unsupported", /no parquet files/, /drop them here/],
  ])("%s is refused", async (name, code, message, hint) => {
    await expect(list(name)).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message) as string,
      hint: expect.stringMatching(hint) as string,
    });
  });
});
