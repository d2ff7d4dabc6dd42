import { describe, expect, test } from "vitest";
import type { Reject } from "../../contract/dataset.ts";
import type { DecodeRequests } from "../../contract/decode.ts";
import { writeSafetensors } from "../../formats/safetensors.ts";
import { openZip, writeZip } from "../../formats/zip.ts";
import type { DecodePool } from "./decodePool.ts";
import { listCandidates, mostFiles, type Listing } from "./listCandidates.ts";

/** Lists zips on this thread, and does nothing else. */
const pool: DecodePool = {
  workers: 1,
  request: async (name: keyof DecodeRequests, { zip }: { zip: Blob }) => {
    expect(name).toBe("listZip");
    const { entries, refused } = await openZip(zip);
    return { entries: entries.map(({ path }) => path), refused };
  },
  close: () => undefined,
};

type Content = string | Uint8Array<ArrayBuffer>;

async function list(
  files: Record<string, Content>,
  using = pool,
): Promise<Listing & { paths: string[]; rejects: string[] }> {
  const rejects: Reject[] = [];
  const listing = await listCandidates(
    Object.entries(files).map(([path, content]) => ({
      path,
      file: new File([content], path.split("/").at(-1)!),
    })),
    using,
    rejects,
    new AbortController().signal,
  );
  return {
    ...listing,
    paths: listing.candidates.map(({ path }) => path),
    rejects: rejects.map(({ path, reason, message }) => `${path}: ${reason}: ${message}`),
  };
}

const zipOf = (...paths: string[]): Promise<Uint8Array<ArrayBuffer>> =>
  writeZip(paths.map((path) => ({ path, bytes: path })));

describe("listCandidates", () => {
  test("opens zips by their content, whatever they are called, and only these", async () => {
    const zip = await zipOf("cats/1.png", "dogs/1.png");
    const { paths, archives } = await list({
      "book.cbz": zip,
      "set/noext": zip,
      "page.zip": "<!doctype html>",
    });
    expect([...archives]).toEqual(["book.cbz", "set/noext"]);
    expect(paths).toEqual([
      "book.cbz/cats/1.png",
      "book.cbz/dogs/1.png",
      "page.zip", // which the decoder names for what it is
      "set/noext/cats/1.png",
      "set/noext/dogs/1.png",
    ]);
  });

  test("reports hidden folders and files by themselves, and junk not at all", async () => {
    const { paths, rejects } = await list({
      ".photos/1.jpg": "x",
      ".photos/.trash/2.jpg": "x",
      ".photos/.trash/deep/3.jpg": "x",
      ".photos/.note.jpg": "x",
      ".photos/.DS_Store": "x",
      ".photos/._1.jpg": "x",
      "z.zip": await zipOf("a/1.jpg", ".git/config", "__MACOSX/a/._1.jpg"),
    });
    expect(paths).toEqual([".photos/1.jpg", "z.zip/a/1.jpg"]);
    expect(rejects).toEqual([
      ".photos/.note.jpg: hidden: a hidden file",
      ".photos/.trash: hidden: a hidden folder with 2 files: give it by itself to have it read, or rename it",
      "z.zip/.git: hidden: a hidden folder with 1 file: give it by itself to have it read, or rename it",
    ]);
  });

  test("says which paths of a zip are unsafe", async () => {
    const { paths, rejects } = await list({ "z.zip": await zipOf("../data/1.png", "a/1.png") });
    expect(paths).toEqual(["z.zip/a/1.png"]);
    expect(rejects).toEqual([
      expect.stringMatching(/^z\.zip\/\.\.\/data\/1\.png: unreadable: an unsafe path/),
    ]);
  });

  test("tells checkpoints, and zips that are no archives of images", async () => {
    const safetensors = writeSafetensors([
      { name: "w", shape: [1], dtype: "float32", values: Float32Array.of(1) },
    ]);
    const { paths, rejects, checkpoints } = await list({
      "a.safetensors": safetensors,
      "b.pth": await zipOf("archive/data.pkl", "archive/data/0"),
      "c.docx": await zipOf("[Content_Types].xml", "word/media/image1.png"),
      "d.zip": await zipOf("model.json", "1.png"),
    });
    expect(checkpoints.map(({ name }) => name)).toEqual(["a.safetensors", "b.pth"]);
    expect(paths).toEqual(["d.zip/1.png", "d.zip/model.json"]);
    expect(rejects).toEqual([
      expect.stringMatching(/^a\.safetensors: misplaced: a safetensors checkpoint\. .*under Teacher/),
      expect.stringMatching(/^b\.pth: misplaced: a PyTorch checkpoint\. .*under Teacher/),
      expect.stringMatching(/^c\.docx: not-an-image: an Office document\./),
    ]);
  });

  test("takes as many images as are promised, out of one zip, and lists the rest", async () => {
    const entries = Array.from({ length: mostFiles + 5 }, (_, i) => `${i % 10}/${i}.png`);
    const crowded = {
      ...pool,
      request: (() => Promise.resolve({ entries, refused: [] })) as DecodePool["request"],
    };
    const { candidates, rejects } = await list({ "many.zip": await zipOf("a") }, crowded);
    expect(candidates).toHaveLength(mostFiles);
    expect(rejects).toHaveLength(5);
  });
});
