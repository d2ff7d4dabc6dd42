import { expect, it } from "vitest";
import { openZip } from "../../formats/zip.ts";
import { packEmbeddings } from "./packEmbeddings.ts";

it("packs names, numbers and neighbours that belong together", async () => {
  const said: string[] = [];
  // Two pairs that point the same way, one of them longer; quotes and commas in a name.
  const features = Float32Array.of(1, 0, 0, 2, 3, 0.1, 0.1, 1);
  const set = { features, dim: 2, names: ["a.jpg", 'b,"x".jpg', "c.jpg", "d.jpg"], classes: [0, 1, -1, 1] };
  const zip = await packEmbeddings({ set, labels: ["cat", "dog"] }, (what) => said.push(what));
  const texts = new Map<string, string>();
  for (const { path, read } of (await openZip(zip)).entries)
    texts.set(path, new TextDecoder().decode(await read()));
  expect([...texts.keys()]).toEqual([
    "README.txt",
    "names.csv",
    "embeddings.csv",
    "embeddings.npy",
    "embeddings.parquet",
    "neighbours.csv",
  ]);
  expect(texts.get("names.csv")).toBe(
    'row,name,label\n0,a.jpg,cat\n1,"b,""x"".jpg",dog\n2,c.jpg,\n3,d.jpg,dog\n',
  );
  expect(texts.get("embeddings.csv")).toContain(
    'name,label,e0,e1\na.jpg,cat,1,0\n"b,""x"".jpg",dog,0,2\nc.jpg,,3,0.1\n',
  );
  const neighbours = texts.get("neighbours.csv")!.trim().split("\n");
  expect(neighbours).toHaveLength(1 + 4 * 3); // of each image all others, for want of ten
  expect(neighbours[1]).toMatch(/^a\.jpg,1,c\.jpg,0\.999/);
  expect(neighbours[4]).toMatch(/^"b,""x""\.jpg",1,d\.jpg,0\.995/);
  expect(said.at(-1)).toBe("Packing");
});
