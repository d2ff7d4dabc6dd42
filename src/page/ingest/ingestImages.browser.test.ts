import { describe, expect, it } from "vitest";
import type { DatasetSummary, ImageBlock, Reject } from "../../contract/dataset.ts";
import type { Engine, RequestName, Requests } from "../../contract/protocol.ts";
import { writeZip } from "../../formats/zip.ts";
import { ImageStore } from "../../ml/data/imageStore.ts";
import { collectFromList, type Collected } from "./collectFiles.ts";
import { openDecodePool } from "./decodePool.ts";
import { ingestImages } from "./ingestImages.ts";

const animatedGif =
  "R0lGODlhEAAQAIEAAADIAAAAAAAAAAAAACH5BAAKAAAALAAAAAAQABAAAAgdAAEIHEiwoMGDCBMqXMiwocOHECNKnEixosWBAQEAIfkEAAoAAAAsAAAAABAAEACBAADIAAAAAAAAAAAACB0AAQgcSLCgwYMIEypcyLChw4cQI0qcSLGixYEBAQA7";
const cmykJpeg =
  "/9j/7gAOQWRvYmUAZAAAAAAA/9sAQwAbEhQXFBEbFxYXHhwbIChCKyglJShROj0wQmBVZWRfVV1baniZgWpxkHNbXYW1hpCeo6utq2eAvMm6pseZqKuk/8AAFAgAEAAQBEMRAE0RAFkRAEsRAP/EAB8AAAEFAQEBAQEBAAAAAAAAAAABAgMEBQYHCAkKC//EALUQAAIBAwMCBAMFBQQEAAABfQECAwAEEQUSITFBBhNRYQcicRQygZGhCCNCscEVUtHwJDNicoIJChYXGBkaJSYnKCkqNDU2Nzg5OkNERUZHSElKU1RVVldYWVpjZGVmZ2hpanN0dXZ3eHl6g4SFhoeIiYqSk5SVlpeYmZqio6Slpqeoqaqys7S1tre4ubrCw8TFxsfIycrS09TV1tfY2drh4uPk5ebn6Onq8fLz9PX29/j5+v/aAA4EQwBNAFkASwAAPwDpq5muZrpqKKKKKKKKKKKK/9k=";
const sixteenBitPng =
  "iVBORw0KGgoAAAANSUhEUgAAABAAAAAQEAAAAABqCHz+AAAAFElEQVR4nGNsYMAPmAjIjyoYVgoAKp8AoGqsXLMAAAAASUVORK5CYII=";

const bytesOf = (base64: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));

type Draw = (context: OffscreenCanvasRenderingContext2D, width: number, height: number) => void;

async function encode(
  type: string,
  width: number,
  height: number,
  draw: Draw,
): Promise<Uint8Array<ArrayBuffer>> {
  const canvas = new OffscreenCanvas(width, height);
  draw(canvas.getContext("2d")!, width, height);
  const blob = await canvas.convertToBlob({ type, quality: 0.95 });
  expect(blob.type).toBe(type);
  return new Uint8Array(await blob.arrayBuffer());
}

const flat =
  (colour: string): Draw =>
  (context, width, height) => {
    context.fillStyle = colour;
    context.fillRect(0, 0, width, height);
  };

/** Left half red, right half blue. */
const halves: Draw = (context, width, height) => {
  flat("#f00")(context, width, height);
  context.fillStyle = "#00f";
  context.fillRect(width / 2, 0, width / 2, height);
};

/** The same JPEG with an EXIF block that says "turned by 90°" (orientation 6: show it turned clockwise). */
function turned(jpeg: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const tiff = [0x4d, 0x4d, 0, 42, 0, 0, 0, 8, 0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, 6, 0, 0, 0, 0, 0, 0];
  const exif = [0x45, 0x78, 0x69, 0x66, 0, 0, ...tiff];
  return Uint8Array.from([0xff, 0xd8, 0xff, 0xe1, 0, exif.length + 2, ...exif, ...jpeg.subarray(2)]);
}

/** The same WebP, plain as canvases write it, in the extended format with an EXIF chunk. */
function withExif(
  webp: Uint8Array<ArrayBuffer>,
  width: number,
  height: number,
  exif: readonly number[],
): Uint8Array<ArrayBuffer> {
  const start = webp.findIndex(
    (_, i) => i >= 12 && webp[i] === 0x56 && webp[i + 1] === 0x50 && webp[i + 3] !== 0x58,
  );
  const size = new DataView(webp.buffer).getUint32(start + 4, true);
  const picture = webp.subarray(start, start + 8 + size + (size & 1));
  const text = (letters: string): number[] => Array.from(letters, (letter) => letter.charCodeAt(0));
  const le = (value: number, bytes: number): number[] =>
    Array.from({ length: bytes }, (_, i) => (value >> (8 * i)) & 255);
  const body = [
    ...text("WEBPVP8X"),
    ...le(10, 4),
    ...[8, 0, 0, 0],
    ...le(width - 1, 3),
    ...le(height - 1, 3),
    ...picture,
    ...text("EXIF"),
    ...le(exif.length, 4),
    ...exif,
  ];
  return Uint8Array.from([...text("RIFF"), ...le(body.length, 4), ...body]);
}

/** A store behind the requests that reading images needs; everything else of an engine has no part in it. */
function storeEngine(): { engine: Engine; store: () => ImageStore; requests: RequestName[] } {
  let store = new ImageStore(1);
  const requests: RequestName[] = [];
  const answer = async (name: RequestName, input: unknown): Promise<unknown> => {
    requests.push(name);
    if (name === "clearImages") store = new ImageStore((input as Requests["clearImages"]["in"]).size);
    else if (name === "addImages") store.append(input as ImageBlock);
    else if (name === "sealImages")
      return store.seal({ ...(input as Requests["sealImages"]["in"]), kind: "own" });
    else throw new Error(`reading images asks for ${name}`);
    return null;
  };
  return {
    engine: { request: answer as Engine["request"], subscribe: () => () => undefined },
    store: () => store,
    requests,
  };
}

interface Outcome {
  readonly summary: DatasetSummary;
  readonly rejects: readonly Reject[];
  readonly store: ImageStore;
}

async function ingest(collected: Collected, viewSize = 32, workers = 2): Promise<Outcome> {
  const { engine, store } = storeEngine();
  const pool = openPool(workers);
  try {
    const options = {
      viewSize,
      signal: new AbortController().signal,
      onProgress: () => undefined,
      onReplace: () => undefined,
    };
    return { ...(await ingestImages(engine, collected, pool, options)), store: store() };
  } finally {
    pool.close();
  }
}

function openPool(workers: number) {
  return openDecodePool(
    workers,
    () => new Worker(new URL("../../worker/decode/decodeWorker.ts", import.meta.url), { type: "module" }),
  );
}

const collect = (files: Record<string, Uint8Array<ArrayBuffer> | string>): Collected => ({
  name: "test",
  files: Object.entries(files).map(([path, content]) => ({
    path,
    file: new File([content], path.split("/").at(-1)!),
  })),
  rejects: [],
});

/** [red, green, blue] at a place given in shares of the side. */
function colourAt(store: ImageStore, index: number, x: number, y: number): number[] {
  const at = (Math.floor(y * store.size) * store.size + Math.floor(x * store.size)) * 3;
  return [...store.pixelsOf(index).subarray(at, at + 3)];
}

function expectColour(actual: number[], expected: number[], tolerance = 12): void {
  actual.forEach((value, i) =>
    expect(Math.abs(value - expected[i]!), `${actual.join()} for ${expected.join()}`).toBeLessThanOrEqual(
      tolerance,
    ),
  );
}

describe("decoding", () => {
  it("takes PNG, JPEG, WebP, GIF, 16-bit and CMYK alike, whatever their names", async () => {
    const { store, summary, rejects } = await ingest(
      collect({
        "1.txt": await encode("image/png", 40, 40, flat("#c03")),
        "2": await encode("image/jpeg", 40, 40, flat("#c03")),
        "3.png": await encode("image/webp", 40, 40, flat("#c03")),
        "4 animated.gif": bytesOf(animatedGif),
        "5 cmyk.jpg": bytesOf(cmykJpeg),
        "6 sixteen.png": bytesOf(sixteenBitPng),
      }),
    );
    expect(rejects).toEqual([]);
    expect(summary.count).toBe(6);
    for (const index of [0, 1, 2]) expectColour(colourAt(store, index, 0.5, 0.5), [204, 0, 51]);
    expectColour(colourAt(store, 3, 0.5, 0.5), [0, 200, 0]); // the first frame; the second is blue
    const [red, green, blue] = colourAt(store, 4, 0.5, 0.5) as [number, number, number];
    expect(red).toBeGreaterThan(150); // red ink, by whatever profile
    expect(Math.max(green, blue)).toBeLessThan(100);
    expectColour(colourAt(store, 5, 0.5, 0.5), [128, 128, 128]);
  });

  it("turns a picture as its EXIF says, and then crops", async () => {
    const jpeg = await encode("image/jpeg", 120, 60, halves); // red | blue
    const { store } = await ingest(collect({ "a.jpg": jpeg, "b.jpg": turned(jpeg) }));
    expectColour(colourAt(store, 0, 0.2, 0.5), [255, 0, 0]);
    expectColour(colourAt(store, 0, 0.8, 0.5), [0, 0, 255]);
    expectColour(colourAt(store, 1, 0.5, 0.2), [255, 0, 0]); // red above blue
    expectColour(colourAt(store, 1, 0.5, 0.8), [0, 0, 255]);
  });

  it("turns a WebP as its EXIF says, like the same picture as JPEG", async () => {
    const orientation6 = [
      0x49, 0x49, 42, 0, 8, 0, 0, 0, 1, 0, 0x12, 0x01, 3, 0, 1, 0, 0, 0, 6, 0, 0, 0, 0, 0, 0, 0,
    ];
    const webp = withExif(await encode("image/webp", 120, 60, halves), 120, 60, orientation6);
    const { store } = await ingest(collect({ "a.webp": webp }));
    expectColour(colourAt(store, 0, 0.5, 0.2), [255, 0, 0], 30); // red above blue
    expectColour(colourAt(store, 0, 0.5, 0.8), [0, 0, 255], 30);
  });

  it("reads a picture without the mark of its end if all of it is there, and refuses what is cut off", async () => {
    const speckled: Draw = (context, width, height) => {
      for (let y = 0; y < height; y += 4)
        for (let x = 0; x < width; x += 4) {
          context.fillStyle = `rgb(${(x * 37 + y * 11) % 256} ${(x * 5 + y * 91) % 256} ${(x * y) % 256})`;
          context.fillRect(x, y, 4, 4);
        }
    };
    const jpeg = await encode("image/jpeg", 90, 210, speckled);
    const png = await encode("image/png", 90, 210, speckled);
    const second = 4 + new DataView(jpeg.buffer).getUint16(4); // where the second segment begins
    const stray = new Uint8Array([...jpeg.subarray(0, second), 1, 2, 3, 4, ...jpeg.subarray(second), 0]);
    const { store, rejects } = await ingest(
      collect({
        "a 1.jpg": jpeg,
        "a 2.jpg": jpeg.slice(0, -2),
        "a 3.jpg": jpeg.slice(0, -1),
        "a 4.jpg": stray,
        "b 1.png": png,
        "b 2.png": png.slice(0, -12),
        "b 3.png": png.slice(0, -15), // within the last data's checksum
        "cut 1.jpg": jpeg.slice(0, -30),
        "cut 2.jpg": jpeg.slice(0, Math.floor(jpeg.length * 0.9)), // below the square that is kept
        "cut 3.png": png.slice(0, -200),
      }),
    );
    expect(rejects.map(({ path, message }) => `${path}: ${message}`)).toEqual([
      "cut 1.jpg: JPEG that ends before its picture does",
      "cut 2.jpg: JPEG that ends before its picture does",
      "cut 3.png: PNG that ends before its picture does",
    ]);
    expect(store.count).toBe(7);
    for (const index of [1, 2, 3]) expect(store.pixelsOf(index)).toEqual(store.pixelsOf(0));
    for (const index of [5, 6]) expect(store.pixelsOf(index)).toEqual(store.pixelsOf(4));
  });

  it("puts transparent pictures on white", async () => {
    const half = await encode("image/png", 32, 32, flat("rgb(0 0 0 / 50%)"));
    const clear = await encode("image/png", 32, 32, () => undefined);
    const { store } = await ingest(collect({ a: half, b: clear }));
    expectColour(colourAt(store, 0, 0.5, 0.5), [127, 127, 127], 2);
    expectColour(colourAt(store, 1, 0.5, 0.5), [255, 255, 255], 0);
  });

  it("crops around the centre and shrinks without aliasing, strip by strip", async () => {
    // 3000 × 1500: read back in several strips. One-pixel stripes inside, green bars outside the centre square.
    const png = await encode("image/png", 3000, 1500, (context, width, height) => {
      flat("#000")(context, width, height);
      context.fillStyle = "#fff";
      for (let x = 0; x < width; x += 2) context.fillRect(x, 0, 1, height);
      context.fillStyle = "#0f0";
      context.fillRect(0, 0, 750, height);
      context.fillRect(2250, 0, 750, height);
    });
    const { store, summary } = await ingest(collect({ a: png }));
    expect(summary.size).toBe(48);
    for (const x of [0, 0.3, 0.7, 0.99]) {
      for (const y of [0, 0.5, 0.99]) expectColour(colourAt(store, 0, x, y), [127, 127, 127], 4);
    }
  });
});

describe("ingestImages", () => {
  it("rejects what is no good with its reason and takes the rest", async () => {
    const good = await encode("image/jpeg", 64, 48, halves);
    const other = await encode("image/jpeg", 64, 48, flat("#080"));
    const png = await encode("image/png", 64, 64, halves);
    const huge = png.slice();
    new DataView(huge.buffer).setUint32(16, 30_000);
    new DataView(huge.buffer).setUint32(20, 30_000);
    const damaged = png.slice();
    damaged.fill(0x55, 45, damaged.length - 12);
    const heic = new TextEncoder().encode(`\0\0\0\u0018ftypheic\0\0\0\0mif1heic`);
    const { summary, rejects } = await ingest(
      collect({
        "a/good.jpg": good,
        "a/copy of good.jpg": good,
        "a/empty.jpg": "",
        "a/text.jpg": "I am no picture",
        "a/cut.jpg": good.slice(0, good.length >> 1),
        "a/dot.png": await encode("image/png", 1, 1, flat("#fff")),
        "a/huge.png": huge,
        "a/damaged.png": damaged,
        "a/phone.heic": heic,
        "a/drawing.svg": `<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>`,
        "b/<img src=x onerror=alert(1)>.jpg": other,
        "b/Thumbs.db": "junk",
        "__MACOSX/a/._good.jpg": "junk",
      }),
    );
    expect(summary.count).toBe(2);
    expect(rejects.map(({ path, reason }) => `${path}: ${reason}`)).toEqual([
      "a/cut.jpg: corrupt",
      "a/damaged.png: corrupt",
      "a/dot.png: too-small",
      "a/drawing.svg: unsupported",
      "a/empty.jpg: not-an-image",
      "a/good.jpg: duplicate", // "copy of good.jpg" comes first
      "a/huge.png: too-large",
      "a/phone.heic: unsupported",
      "a/text.jpg: not-an-image",
    ]);
  });

  it("gives the same set from files, from a folder's zip and from any number of workers", async () => {
    const files: Record<string, Uint8Array<ArrayBuffer>> = {};
    for (let i = 0; i < 40; i++) {
      const colour = `rgb(${(i * 37) % 256} ${(i * 91) % 256} ${(i * 13) % 256})`;
      // Every third is large and slow, so that workers overtake each other.
      const side = i % 3 === 0 ? 700 : 40;
      files[`set/${i % 2 === 0 ? "even" : "odd"}/${i}.png`] = await encode(
        "image/png",
        side,
        side,
        flat(colour),
      );
    }
    const zip = await writeZip(Object.entries(files).map(([path, bytes]) => ({ path, bytes })));
    const shuffled = Object.fromEntries(Object.entries(files).reverse());
    const outcomes = [
      await ingest(collect(files), 32, 1),
      await ingest(collect(shuffled), 32, 4),
      await ingest(collectFromList([new File([zip], "set.zip")]), 32, 3),
    ];
    for (const { summary, store } of outcomes) {
      expect(summary).toMatchObject({ count: 40, labels: ["even", "odd"], labelCounts: [20, 20], size: 48 });
      expect(summary.fingerprint).toBe(outcomes[0]!.summary.fingerprint);
      expect(store.nameOf(1)).toContain("even/2.png");
      expect(store.nameOf(39)).toContain("odd/39.png");
    }
    expect(outcomes[2]!.summary.name).toBe("set");
  });

  it("sends many images in blocks", async () => {
    const files: Record<string, Uint8Array<ArrayBuffer>> = {};
    for (let i = 0; i < 300; i++) {
      files[`${i}.png`] = await encode("image/png", 32, 32, flat(`rgb(${i % 256} ${i >> 8} 7)`));
    }
    const { engine, store, requests } = storeEngine();
    const pool = openPool(2);
    const seen: number[] = [];
    const { summary } = await ingestImages(engine, collect(files), pool, {
      viewSize: 32,
      signal: new AbortController().signal,
      onProgress: ({ done }) => seen.push(done),
      onReplace: () => seen.push(-1),
    });
    pool.close();
    expect(requests).toEqual(["clearImages", "addImages", "addImages", "sealImages"]);
    expect(summary.count).toBe(300);
    expect(seen.filter((done) => done === -1)).toHaveLength(1);
    for (let i = 0; i < 300; i += 17) expect(colourAt(store(), i, 0.5, 0.5)).toEqual([i % 256, i >> 8, 7]);
  });

  it("leaves the former images alone when nothing is usable, and says why", async () => {
    const { engine, requests } = storeEngine();
    const pool = openPool(1);
    const options = {
      viewSize: 32,
      signal: new AbortController().signal,
      onProgress: () => undefined,
      onReplace: () => expect.unreachable(),
    };
    await expect(
      ingestImages(engine, collect({ "a.txt": "no", "b.zip": "PK no" }), pool, options),
    ).rejects.toMatchObject({
      code: "dataset-too-small",
      details: ["a.txt: not a kind of picture we know", expect.stringMatching(/^b.zip: /) as string],
    });
    await expect(ingestImages(engine, collect({}), pool, options)).rejects.toMatchObject({
      code: "dataset-too-small",
    });
    expect(requests).toEqual([]);
    pool.close();
  });

  it("stops when cancelled", async () => {
    const files: Record<string, Uint8Array<ArrayBuffer>> = {};
    for (let i = 0; i < 60; i++)
      files[`${i}.png`] = await encode("image/png", 400, 400, flat(`rgb(${i} 0 0)`));
    const { engine, requests } = storeEngine();
    const controller = new AbortController();
    const pool = openPool(2);
    const options = {
      viewSize: 32,
      signal: controller.signal,
      onProgress: ({ task, done }: { task: string; done: number }) => {
        if (task === "decoding" && done > 0) controller.abort();
      },
      onReplace: () => undefined,
    };
    await expect(ingestImages(engine, collect(files), pool, options)).rejects.toMatchObject({
      code: "cancelled",
    });
    expect(requests).toEqual([]);
    await expect(pool.request("listZip", { zip: new Blob() })).rejects.toMatchObject({ code: "cancelled" });
  });
});
