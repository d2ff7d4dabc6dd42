import { expect, test } from "vitest";
import type { ClusterToPack } from "../../contract/clusterExport.ts";
import { sampleRun } from "../../formats/testing/sampleRun.ts";
import { openZip } from "../../formats/zip.ts";
import { packCluster } from "./packCluster.ts";

const job: ClusterToPack = {
  checkpoint: Uint8Array.of(1, 2, 3),
  networks: "{}",
  teacher: Uint8Array.of(4, 5),
  heldOut: ["set/a “1”.png", "set/b\n2.png"],
  run: sampleRun,
  name: "mine",
  note: "",
  startedAt: "2026-11-29T10:00:00.000Z",
};

async function unpacked(more: Partial<ClusterToPack>): Promise<ReadonlyMap<string, string>> {
  const { entries } = await openZip(new Blob([await packCluster({ ...job, ...more }, () => undefined)]));
  const files = new Map<string, string>();
  for (const { path, read } of entries) files.set(path, new TextDecoder().decode(await read()));
  return files;
}

test("the zip holds what its README lists, and names of any kind come through", async () => {
  const files = await unpacked({});
  for (const path of files.keys())
    if (path !== "README.md") expect(files.get("README.md")).toContain(`\`${path}\``);
  expect(JSON.parse(files.get("held_out.json")!)).toEqual(job.heldOut);
  expect(JSON.parse(files.get("run.json")!)).toEqual(sampleRun);
});

test("what a run has not is not in it", async () => {
  const files = await unpacked({ teacher: null, heldOut: [] });
  expect([...files.keys()].filter((path) => /teacher|held/.test(path))).toEqual([]);
});
