import { BlobReader, BlobWriter, TextReader, ZipWriter } from "@zip.js/zip.js/lib/zip-core-custom.js";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readsOrRefuses, refusalOf } from "./testing/refusal.ts";
import { imageZipLimits, openZip, safePath, writeZip } from "./zip.ts";

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

/** Central directory entries of a zip without comments, by hand, to falsify them. */
function directory(zip: Uint8Array): { view: DataView; entries: number[] } {
  const view = new DataView(zip.buffer, zip.byteOffset, zip.byteLength);
  const end = zip.length - 22;
  const entries: number[] = [];
  let at = view.getUint32(end + 16, true);
  for (let i = 0; i < view.getUint16(end + 10, true); i++) {
    entries.push(at);
    at += 46 + view.getUint16(at + 28, true) + view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
  }
  return { view, entries };
}

describe("zip", () => {
  it("reads back what it writes, from bytes and from a Blob, the same bytes each time", async () => {
    const files = [
      { path: "a/b.txt", bytes: "héllo" },
      { path: "empty", bytes: "" },
      { path: "c.bin", bytes: Uint8Array.from({ length: 5000 }, (_, i) => (i * i) % 251) },
    ];
    const zip = await writeZip(files);
    expect(await writeZip(files)).toEqual(zip);
    for (const source of [zip, new Blob([zip])]) {
      const { entries, refused } = await openZip(source);
      expect(refused).toEqual([]);
      expect(entries.map(({ path, size }) => [path, size])).toEqual([
        ["a/b.txt", 6],
        ["empty", 0],
        ["c.bin", 5000],
      ]);
      expect(text(await entries[0]!.read())).toBe("héllo");
      expect(await entries[2]!.read()).toEqual(files[2]!.bytes);
    }
  });

  it("reads stored entries and leaves folders out", async () => {
    const writer = new ZipWriter(new BlobWriter());
    await writer.add("folder/", undefined, { directory: true });
    await writer.add("folder/x", new TextReader("plain"), { level: 0 });
    const { entries } = await openZip(await writer.close());
    expect(entries.map(({ path, stored }) => [path, stored])).toEqual([["folder/x", true]]);
    expect(text(await entries[0]!.read())).toBe("plain");
  });

  it("keeps paths inside the folder", () => {
    expect(["a/b", "./a//b", "a\\b", "ünï/层.jpg", "a..b/c"].map((path) => safePath(path))).toEqual([
      "a/b",
      "a/b",
      "a/b",
      "ünï/层.jpg",
      "a..b/c",
    ]);
    for (const hostile of [
      "../x",
      "a/../../x",
      "..\\x",
      "/etc/passwd",
      "\\\\host\\x",
      "C:\\x",
      "c:x",
      "a\0b",
      "a\nb",
      "",
      ".",
      "./",
    ])
      expect(safePath(hostile), hostile).toBeNull();
  });

  it("says why a path is none", async () => {
    const writer = new ZipWriter(new BlobWriter());
    for (const path of ["/etc/x", "C:/x", "a\nb", "./."]) await writer.add(path, new TextReader(path));
    const { entries, refused } = await openZip(await writer.close());
    expect(entries).toEqual([]);
    expect(refused.map(({ reason }) => reason)).toEqual([
      expect.stringContaining("out of the folder"),
      expect.stringContaining("out of the folder"),
      expect.stringContaining("control characters"),
      "an entry without a name",
    ]);
  });

  it("lists what it does not offer, with the reason, and offers the rest", async () => {
    const writer = new ZipWriter(new BlobWriter());
    await writer.add("good.txt", new TextReader("good"));
    await writer.add("../evil.txt", new TextReader("evil"));
    await writer.add("secret.txt", new TextReader("secret"), { password: "p" });
    await writer.add("Good.txt", new TextReader("differs by case"));
    await writer.add("./good.txt", new TextReader("same place"));
    await writer.add("big.bin", new BlobReader(new Blob([new Uint8Array(2000)])), { level: 0 });
    const { entries, refused } = await openZip(await writer.close(), { entryBytes: 1999 });
    expect(entries.map(({ path }) => path)).toEqual(["good.txt", "Good.txt"]);
    expect(refused.map(({ path }) => path)).toEqual(["../evil.txt", "secret.txt", "./good.txt", "big.bin"]);
    expect(refused.map(({ reason }) => reason)).toEqual([
      expect.stringMatching(/^an unsafe path/),
      "encrypted",
      "a second entry of the same name",
      expect.stringContaining("over the limit"),
    ]);
  });

  it("refuses a bomb by its ratio without unpacking it, and of images by its size alone", async () => {
    const blank = { path: "blank.bmp", bytes: new Uint8Array(20_000_000) };
    const zip = await writeZip([blank]);
    expect(zip.length).toBeLessThan(100_000);
    expect((await openZip(zip)).refused[0]!.reason).toMatch(/unpacks \d+-fold, over the limit of 200/);
    const { entries, refused } = await openZip(zip, imageZipLimits);
    expect(refused).toEqual([]);
    expect((await entries[0]!.read()).length).toBe(20_000_000);
    expect((await openZip(zip, { ...imageZipLimits, entryBytes: 19_999_999 })).refused[0]!.reason).toMatch(
      /over the limit/,
    );
    expect(
      (await refusalOf(() => openZip(zip, { ...imageZipLimits, totalBytes: 19_999_999 }))).message,
    ).toMatch(/would unpack/);
  });

  it("separates by backslashes only where no name has a slash", async () => {
    const pathsOf = async (...names: string[]): Promise<string[]> => {
      const writer = new ZipWriter(new BlobWriter());
      for (const name of names) await writer.add(name, new TextReader(name));
      return (await openZip(await writer.close())).entries.map(({ path }) => path);
    };
    expect(await pathsOf("a\\1.jpg", "a\\b\\2.jpg", "a\\b\\")).toEqual(["a/1.jpg", "a/b/2.jpg"]);
    // 功 is A5 5C in Big5: read as code page 437, its second half is a backslash.
    expect(await pathsOf("Ñ\\/1.png", "Ñ\\x/2.png")).toEqual(["Ñ\\/1.png", "Ñ\\x/2.png"]);
    expect(await pathsOf("a/1.jpg", "..\\evil.jpg")).toEqual(["a/1.jpg"]);
  });

  it("refuses too many entries and too many bytes in all", async () => {
    const zip = await writeZip(
      Array.from({ length: 20 }, (_, i) => ({ path: `f${i}`, bytes: "0123456789" })),
    );
    expect((await refusalOf(() => openZip(zip, { entries: 19 }))).message).toMatch(/more than 19/);
    expect((await refusalOf(() => openZip(zip, { totalBytes: 199 }))).message).toMatch(/would unpack/);
    expect((await openZip(zip, { entries: 20, totalBytes: 200 })).entries.length).toBe(20);
  });

  it("refuses entries that share their bytes", async () => {
    const zip = await writeZip([
      { path: "a", bytes: "one" },
      { path: "b", bytes: "two" },
    ]);
    const { view, entries } = directory(zip);
    view.setUint32(entries[1]! + 42, view.getUint32(entries[0]! + 42, true), true);
    expect((await refusalOf(() => openZip(zip))).message).toMatch(/overlaps/);
  });

  it("holds an entry to the length it declares", async () => {
    for (const declared of [100, 5000]) {
      const zip = await writeZip([{ path: "a", bytes: "x".repeat(1000) }]);
      const { view, entries } = directory(zip);
      view.setUint32(entries[0]! + 24, declared, true);
      const archive = await openZip(zip);
      expect(["file-refused", "file-unreadable"]).toContain(
        (await refusalOf(() => archive.entries[0]!.read())).code,
      );
    }
  });

  it("notices a flipped bit by the CRC-32", async () => {
    const writer = new ZipWriter(new BlobWriter());
    await writer.add("x", new TextReader("plain"), { level: 0 });
    const zip = new Uint8Array(await (await writer.close()).arrayBuffer());
    const at = zip.findIndex((_, i) => text(zip.subarray(i, i + 5)) === "plain");
    zip[at] = zip[at]! ^ 1;
    const archive = await openZip(zip);
    expect((await refusalOf(() => archive.entries[0]!.read())).message).toMatch(/CRC/i);
  });

  it("says that a file is cut off, or no zip at all", async () => {
    const zip = await writeZip([{ path: "a", bytes: "x".repeat(1000) }]);
    expect((await refusalOf(() => openZip(zip.subarray(0, zip.length - 5)))).message).toMatch(/cut off/);
    expect((await refusalOf(() => openZip(new Uint8Array(50)))).code).toBe("file-unreadable");
    expect((await refusalOf(() => openZip(new Uint8Array(0)))).code).toBe("file-unreadable");
  });

  it("reads or refuses damaged archives, and nothing else", async () => {
    const good = await writeZip([
      { path: "a/b.txt", bytes: "hello hello hello hello" },
      { path: "c", bytes: Uint8Array.from({ length: 300 }, (_, i) => i % 7) },
    ]);
    const edit = fc.record({ at: fc.nat(good.length - 1), byte: fc.integer({ min: 0, max: 255 }) });
    const outcomes = { read: 0, refused: 0 };
    await fc.assert(
      fc.asyncProperty(
        fc.array(edit, { minLength: 1, maxLength: 5 }),
        fc.nat(good.length * 4),
        async (edits, cut) => {
          const bytes = good.slice(0, cut);
          for (const { at, byte } of edits) if (at < bytes.length) bytes[at] = byte;
          const outcome = await readsOrRefuses(async () => {
            for (const entry of (await openZip(bytes)).entries) await entry.read();
          });
          outcomes[outcome]++;
        },
      ),
      { numRuns: 300 },
    );
    expect(outcomes.refused).toBeGreaterThan(50);
  });
});
