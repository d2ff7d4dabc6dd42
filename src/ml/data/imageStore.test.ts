import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import type { ImageBlock } from "../../contract/dataset.ts";
import { createPrng } from "../../lib/prng.ts";
import { demoBlocks } from "./demoBlocks.ts";
import { demoLabels, drawDemoImage } from "./demoSet.ts";
import { ImageStore } from "./imageStore.ts";
import { drawThumbnails } from "./thumbnails.ts";

const size = 5;
function block(images: readonly { label: number; name: string; seed: number }[]): ImageBlock {
  const pixels = new Uint8Array(images.length * size * size * 3);
  images.forEach((image, i) => {
    const random = createPrng(image.seed, "test");
    for (let at = 0; at < size * size * 3; at++) pixels[i * size * size * 3 + at] = random.integer(256);
  });
  return {
    size,
    pixels,
    classes: Int16Array.from(images, (image) => image.label),
    names: images.map((image) => image.name),
  };
}
const seven = [0, 1, -1, 1, 0, 0, 1].map((label, i) => ({ label, name: `image ${i}`, seed: i }));

function filled(cuts: readonly number[]): ImageStore {
  const store = new ImageStore(size);
  [0, ...cuts].forEach((start, i) => store.append(block(seven.slice(start, cuts[i] ?? seven.length))));
  return store;
}

describe("ImageStore", () => {
  it("finds every image whatever the blocks", () => {
    for (const cuts of [[], [1], [3, 4], [1, 2, 3, 4, 5, 6], [0, 0, 7]]) {
      const store = filled(cuts);
      expect(store.count).toBe(7);
      expect([...store.allClasses()]).toEqual(seven.map((image) => image.label));
      seven.forEach((image, i) => {
        expect(store.nameOf(i)).toBe(image.name);
        expect(store.classOf(i)).toBe(image.label);
        expect([...store.pixelsOf(i)]).toEqual([...block([image]).pixels]);
      });
    }
  });

  it("gathers a batch in the order asked for", () => {
    const store = filled([2, 5]);
    const picked = [6, 0, 3, 3];
    expect([...store.gather(picked)]).toEqual([...block(picked.map((i) => seven[i]!)).pixels]);
  });

  it("has the fingerprint its docstring defines, whatever the blocks", async () => {
    const summary = await filled([3]).seal({ name: "seven", kind: "own", labels: ["a", "b"] });
    const { pixels } = block(seven);
    const hash = createHash("sha256").update(`images ${size} 7\n`);
    for (let i = 0; i < 7; i++) {
      hash.update(
        createHash("sha256")
          .update(pixels.subarray(i * 75, (i + 1) * 75))
          .digest(),
      );
    }
    const classes = Buffer.alloc(14);
    seven.forEach((image, i) => classes.writeInt16LE(image.label, 2 * i));
    expect(summary.fingerprint).toBe(hash.update(classes).digest("hex"));
    expect(
      (await filled([1, 2]).seal({ name: "other name", kind: "own", labels: ["a", "b"] })).fingerprint,
    ).toBe(summary.fingerprint);
    expect(summary).toMatchObject({ count: 7, labelCounts: [3, 3], bytes: 7 * 75, size });
  });

  it("notices one changed byte, class or order", async () => {
    const print = async (images: typeof seven): Promise<string> => {
      const store = new ImageStore(size);
      store.append(block(images));
      return (await store.seal({ name: "", kind: "own", labels: ["a", "b"] })).fingerprint;
    };
    const prints = await Promise.all([
      print(seven),
      print(seven.map((image, i) => (i === 4 ? { ...image, seed: 99 } : image))),
      print(seven.map((image, i) => (i === 4 ? { ...image, label: 1 } : image))),
      print([...seven].reverse()),
      print(seven.slice(0, 6)),
    ]);
    expect(new Set(prints).size).toBe(5);
  });

  it("merges classes of one name and drops the nameless, as if they had been given so", async () => {
    const given = new ImageStore(size);
    given.append(block([2, 0, 3, 1, 4, -1, 2].map((label, i) => ({ label, name: `image ${i}`, seed: i }))));
    const merged = await given.seal({ name: "", kind: "own", labels: ["b", "a", "", "b", "c"] });
    expect(merged.labels).toEqual(["b", "a", "c"]);
    expect(merged.labelCounts).toEqual([2, 1, 1]);
    expect([...given.allClasses()]).toEqual([-1, 0, 0, 1, 2, -1, -1]);
    const plain = new ImageStore(size);
    plain.append(block([-1, 0, 0, 1, 2, -1, -1].map((label, i) => ({ label, name: "", seed: i }))));
    const same = await plain.seal({ name: "", kind: "own", labels: ["b", "a", "c"] });
    expect(same.fingerprint).toBe(merged.fingerprint);
  });

  it("refuses an empty set, a block of another size and images after sealing", async () => {
    await expect(new ImageStore(8).seal({ name: "", kind: "own", labels: [] })).rejects.toMatchObject({
      code: "dataset-too-small",
    });
    expect(() => new ImageStore(8).append(block(seven))).toThrow("size 5 in a store of size 8");
    expect(() => new ImageStore(0)).toThrow("0 × 0");
    const store = filled([]);
    await store.seal({ name: "", kind: "own", labels: ["a", "b"] });
    expect(() => store.append(block(seven))).toThrow("after sealing");
  });

  it("takes the demo set, block by block", async () => {
    const store = new ImageStore(16);
    for (const demoBlock of demoBlocks({ seed: 4, count: 30, size: 16 }, 8)) store.append(demoBlock);
    const summary = await store.seal({ name: "demo", kind: "demo", labels: demoLabels });
    expect(summary.count).toBe(30);
    expect(summary.labelCounts.slice(0, 7)).toEqual([3, 3, 3, 3, 3, 3, 2]);
    expect([...store.pixelsOf(29)]).toEqual([...drawDemoImage(4, 29, 16).pixels]);
    expect(store.nameOf(9)).toBe(`${demoLabels[9]}/09`);
  });
});

describe("thumbnails", () => {
  const store = filled([]);

  it("are the images themselves at the store's size", () => {
    const rgba = drawThumbnails(store, [2], size);
    const pixels = store.pixelsOf(2);
    for (let pixel = 0; pixel < size * size; pixel++) {
      expect([...rgba.subarray(pixel * 4, pixel * 4 + 4)]).toEqual([
        ...pixels.subarray(pixel * 3, pixel * 3 + 3),
        255,
      ]);
    }
  });

  it("keep the mean when shrunk by any ratio", () => {
    for (const side of [1, 2, 3, 4, 7, 12]) {
      const rgba = drawThumbnails(store, [5], side);
      const mean = (values: number[]): number => values.reduce((a, b) => a + b) / values.length;
      const reds = mean([...rgba].filter((_, at) => at % 4 === 0));
      expect(Math.abs(reds - mean([...store.pixelsOf(5)].filter((_, at) => at % 3 === 0)))).toBeLessThan(0.6);
    }
  });
});
