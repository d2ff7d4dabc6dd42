import { expect, it } from "vitest";
import type { Requests } from "../../contract/protocol.ts";
import { demoBlocks } from "../../ml/data/demoBlocks.ts";
import { ImageStore } from "../../ml/data/imageStore.ts";
import { drawThumbnails } from "../../ml/data/thumbnails.ts";
import { createThumbnailCache, type Thumbnail } from "./thumbnailCache.ts";

const store = new ImageStore(16);
for (const block of demoBlocks({ seed: 2, count: 300, size: 16 })) store.append(block);

function setUp() {
  const asked: (readonly number[])[] = [];
  const request = async (
    _: string,
    { indices, side }: Requests["thumbnails"]["in"],
  ): Promise<Requests["thumbnails"]["out"]> => {
    asked.push(indices);
    return {
      pixels: drawThumbnails(store, indices, side),
      names: indices.map((index) => store.nameOf(index)),
      classes: indices.map((index) => store.classOf(index)),
    };
  };
  const cache = createThumbnailCache({ request, subscribe: () => () => undefined }, 8);
  const shown = (index: number): Promise<Thumbnail> => new Promise((resolve) => cache.watch(index, resolve));
  return { asked, cache, shown };
}

it("asks for what is watched in few requests and hands each watcher its own", async () => {
  const { asked, shown } = setUp();
  const thumbnails = await Promise.all(Array.from({ length: 200 }, (_, index) => shown(index)));
  expect(asked.map((indices) => indices.length)).toEqual([128, 72]);
  for (const index of [0, 127, 128, 199]) {
    expect(thumbnails[index]).toMatchObject({ name: store.nameOf(index), label: store.classOf(index) });
    expect([...thumbnails[index]!.picture.data]).toEqual([...drawThumbnails(store, [index], 8)]);
  }
});

it("knows what it has shown before, and forgets what nobody waits for", async () => {
  const { asked, cache, shown } = setUp();
  await shown(5);
  await shown(5);
  expect(asked).toEqual([[5]]);
  cache.watch(6, () => expect.unreachable())();
  await shown(7);
  expect(asked).toEqual([[5], [7]]);
});
