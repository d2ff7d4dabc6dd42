import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { folderOf, isJunkPath, labelFolders, sortByPath } from "./imagePaths.ts";

const sorted = (...paths: string[]): string[] =>
  sortByPath(paths.map((path) => ({ path }))).map(({ path }) => path);
/** Labels by image path, as a visitor would think of them. */
const labels = (...paths: string[]): Record<string, string> => {
  const counts = new Map<string, number>();
  for (const path of paths) counts.set(folderOf(path), (counts.get(folderOf(path)) ?? 0) + 1);
  const folders = [...counts].map(([path, images]) => ({ path, images }));
  const given = labelFolders(folders);
  return Object.fromEntries(folders.map(({ path }, i) => [path, given[i]!]));
};
const pair = (folder: string): string[] => [`${folder}/1.jpg`, `${folder}/2.jpg`];

describe("isJunkPath", () => {
  it.each([
    "__MACOSX/a/._b.jpg",
    "a/.DS_Store",
    ".git/x",
    "a/Thumbs.db",
    "a/desktop.ini",
    "Desktop.ini",
    "a/.b/c.jpg",
  ])("skips %s", (path) => expect(isJunkPath(path)).toBe(true));
  it.each(["a.jpg", "a/b.c/d", "thumbs/1.jpg", "a…/..b".replace("..b", "b")])("keeps %s", (path) =>
    expect(isJunkPath(path)).toBe(false),
  );
});

describe("sortByPath", () => {
  it("orders numbers by size and folders before their neighbours' contents", () => {
    expect(sorted("img10", "img2", "img1", "img02", "a/z", "a b/a", "a", "img")).toEqual([
      "a",
      "a/z",
      "a b/a",
      "img",
      "img1",
      "img02",
      "img2",
      "img10",
    ]);
    expect(sorted("9", "10", "000", "0", "00100", "99999999999999999999", "100000000000000000000")).toEqual([
      "0",
      "000",
      "9",
      "10",
      "00100",
      "99999999999999999999",
      "100000000000000000000",
    ]);
  });

  it("does not depend on the order given", () => {
    const path = fc.array(fc.constantFrom("a", "b", "/", "0", "1", "12", "é", "B", " "), { maxLength: 8 });
    fc.assert(
      fc.property(
        fc.uniqueArray(
          path.map((parts) => parts.join("")),
          { maxLength: 20 },
        ),
        (paths) => {
          expect(sorted(...[...paths].reverse())).toEqual(sorted(...paths));
        },
      ),
    );
  });
});

describe("labelFolders", () => {
  it("takes the first-level sub-folders, whatever wraps them", () => {
    for (const root of ["", "set/", "pets.zip/download/pets/"]) {
      expect(labels(...pair(`${root}cat`), ...pair(`${root}dog/small`), ...pair(`${root}dog`))).toEqual({
        [`${root}cat`]: "cat",
        [`${root}dog/small`]: "dog",
        [`${root}dog`]: "dog",
      });
    }
  });

  it("has no labels in a flat set, however deep, nor in one folder", () => {
    expect(labels("a.jpg", "b.jpg")).toEqual({ "": "" });
    expect(labels(...pair("x/y/z"))).toEqual({ "x/y/z": "" });
    expect(labels("x/a.jpg", "x/b.jpg", ...pair("x/y"))).toEqual({ x: "", "x/y": "" });
  });

  it("wants two images of a label and two labels", () => {
    expect(labels(...pair("cat"), ...pair("dog"), "bird/1.jpg", "loose.jpg")).toEqual({
      cat: "cat",
      dog: "dog",
      bird: "",
      "": "",
    });
    expect(labels(...pair("cat"), "dog/1.jpg")).toEqual({ cat: "", dog: "" });
  });

  it("looks below train and test, which are no classes", () => {
    expect(labels(...pair("s/train/cat"), ...pair("s/train/dog"), ...pair("s/Test/cat"))).toEqual({
      "s/train/cat": "cat",
      "s/train/dog": "dog",
      "s/Test/cat": "cat",
    });
    expect(labels(...pair("train/cat"), ...pair("plane/red"))["train/cat"]).toBe("train");
  });

  it("does not let folders without usable images decide", () => {
    const folders = [
      { path: "root/notes", images: 0 },
      { path: "root/images/cat", images: 3 },
      { path: "root/images/dog", images: 3 },
    ];
    expect(labelFolders(folders)).toEqual(["", "cat", "dog"]);
    expect(labelFolders([])).toEqual([]);
  });

  it("gives each zip its own label when several flat ones are dropped", () => {
    expect(labels(...pair("cats.zip"), ...pair("dogs.zip"))).toEqual({
      "cats.zip": "cats.zip",
      "dogs.zip": "dogs.zip",
    });
  });
});
