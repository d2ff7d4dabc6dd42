import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  folderOf,
  hiddenPartOf,
  isJunkPath,
  labelFolders,
  sortByPath,
  type LabelReading,
} from "./imagePaths.ts";

const sorted = (...paths: string[]): string[] =>
  sortByPath(paths.map((path) => ({ path }))).map(({ path }) => path);
type Options = Parameters<typeof labelFolders>[1];
/** Labels by folder, as a visitor would think of them, and what else is told. */
const read = (paths: string[], options: Options = {}): LabelReading & { of: Record<string, string> } => {
  const counts = new Map<string, number>();
  for (const path of paths) counts.set(folderOf(path), (counts.get(folderOf(path)) ?? 0) + 1);
  const folders = [...counts].map(([path, images]) => ({ path, images }));
  const reading = labelFolders(folders, options);
  return { ...reading, of: Object.fromEntries(folders.map(({ path }, i) => [path, reading.labels[i]!])) };
};
const labels = (...paths: string[]): Record<string, string> => read(paths).of;
/** Different ones, in order. */
const found = (paths: string[], options: Options = {}): string[] =>
  [...new Set(read(paths, options).labels)].filter((label) => label !== "");
const pairs = (...folders: string[]): string[] => folders.flatMap(pair);
const pair = (folder: string): string[] => [`${folder}/1.jpg`, `${folder}/2.jpg`];

describe("isJunkPath", () => {
  it.each(["__MACOSX/a/._b.jpg", "a/.DS_Store", "a/._1.jpg", "a/Thumbs.db", "a/desktop.ini", "Desktop.ini"])(
    "skips %s",
    (path) => expect(isJunkPath(path)).toBe(true),
  );
  it.each(["a.jpg", "a/b.c/d", "thumbs/1.jpg", "a…/..b".replace("..b", "b")])("keeps %s", (path) =>
    expect(isJunkPath(path)).toBe(false),
  );
});

describe("hiddenPartOf", () => {
  it.each([
    ["a/.b/c/d.jpg", "a/.b"],
    ["a/b/.c.jpg", "a/b/.c.jpg"],
    ["set.zip/.git/x", "set.zip/.git"],
    [".photos/cats/1.jpg", null], // given by its name
    [".photos/.trash/1.jpg", ".photos/.trash"],
    ["a.b/c.jpg", null],
  ])("%s: %j", (path, hidden) => expect(hiddenPartOf(path)).toBe(hidden));
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
    expect(labelFolders(folders).labels).toEqual(["", "cat", "dog"]);
    expect(labelFolders([])).toEqual({ labels: [], levels: [], notes: [] });
  });

  it("does not let pictures beside the folders of the classes change the level", () => {
    expect(found(["set/cover.png", ...pairs("set/images/cat", "set/images/dog")])).toEqual(["cat", "dog"]);
    expect(found(["set/preview/1.png", ...pairs("set/images/cat", "set/images/dog")])).toEqual([
      "cat",
      "dog",
    ]);
    expect(found(["set/cat/note.png", ...pairs("set/cat", "set/dog", "set/cat/small")])).toEqual([
      "cat",
      "dog",
    ]);
  });

  it.each([
    ["train", "test", "unlabeled"],
    ["train", "dev"],
    ["Train", "VALID", "Evaluation"],
    ["train2017", "val2017"],
    ["my-train", "my_val"],
    ["seg_train", "seg_test", "seg_pred_test"],
    ["training_set", "test_set"],
    ["trainset", "testset"],
    ["TrainImages", "TestImages"],
    ["1. train", "2. validation (new)"],
    ["train_1", "train_2"],
    ["trainval", "test"],
    ["unlabelled", "eval"],
  ])("looks below %s, %s, whatever else is there", (...parts) => {
    expect(found(parts.flatMap((part) => pairs(`s/${part}/cat`, `s/${part}/dog`)))).toEqual(["cat", "dog"]);
    expect(found(parts.flatMap((part) => pairs(`${part}/images/cat`, `${part}/images/dog`)))).toEqual([
      "cat",
      "dog",
    ]);
    expect(found(parts.flatMap((part) => pair(part)))).toEqual([]);
  });

  it.each([
    ["trainers", "training shoes", "sandals"],
    ["steam train", "diesel train"],
    ["devil", "valley", "testament"],
    ["train", "bus", "car"],
  ])("takes %s and %s for classes", (...classes) => {
    expect(found(classes.flatMap((name) => pair(name)))).toEqual(classes);
  });

  it("looks through archives, which are no classes", () => {
    const archives = new Set(["set/train.zip", "set/val.zip", "cats.zip", "dogs.zip"]);
    const inside = ["set/train.zip", "set/val.zip"].flatMap((zip) => pairs(`${zip}/cat`, `${zip}/dog`));
    expect(found(inside, { archives })).toEqual(["cat", "dog"]);
    expect(read(pairs("set/train.zip", "set/val.zip"), { archives })).toMatchObject({
      levels: [],
      notes: [],
    });
  });

  it("leaves it to the visitor whether several flat archives are classes", () => {
    const archives = new Set(["cats.zip", "dogs.zip"]);
    const flat = pairs("cats.zip", "dogs.zip");
    const reading = read(flat, { archives });
    expect(reading.labels).toEqual(["", ""]);
    expect(reading.levels).toEqual([
      { name: "outer", count: 0, examples: [] },
      { name: "archives", count: 2, examples: ["cats", "dogs"] },
    ]);
    expect(reading.notes).toEqual([expect.stringMatching(/2 archives .* no labels/)]);
    expect(found(flat, { archives, level: "archives" })).toEqual(["cats", "dogs"]);
  });

  it("compares names in NFC and without the spaces around them, and says so", () => {
    const paths = pairs("train/caf\u00e9", "train/tea ", "val/cafe\u0301", "val/tea", "val/milk");
    const { notes } = read(paths);
    expect(found(paths)).toEqual(["caf\u00e9", "tea", "milk"]);
    expect(notes).toEqual([
      expect.stringMatching(/^2 labels are written in several ways .* caf\u00e9, tea\.$/),
    ]);
    expect(read(pairs("train/tea", "val/tea", "val/milk")).notes).toEqual([]);
  });

  it("asks for the level where every label holds the same sub-folders", () => {
    const leaves = ["apple", "grape", "peach"];
    const plants = ["color", "grayscale"].flatMap((kind) =>
      leaves.flatMap((leaf) => pair(`s/${kind}/${leaf}`)),
    );
    const reading = read(plants);
    expect(found(plants)).toEqual(["color", "grayscale"]);
    expect(reading.levels).toEqual([
      { name: "outer", count: 2, examples: ["color", "grayscale"] },
      { name: "inner", count: 3, examples: leaves },
    ]);
    expect(reading.notes[0]).toMatch(/color, grayscale\) holds the same sub-folders \(apple, grape, peach\)/);
    expect(found(plants, { level: "inner" })).toEqual(leaves);
    expect(read(plants, { level: "inner" }).notes).toEqual([]);
  });

  it("asks for no level where sub-folders differ, are parts, or are one", () => {
    for (const folders of [
      ["cat/small", "cat/big", "dog/brown", "dog/white"],
      ["cat/train", "cat/test", "dog/train", "dog/test"],
      ["cat/images", "dog/images"],
    ])
      expect(read(pairs(...folders))).toMatchObject({ levels: [], notes: [] });
  });

  it("cuts names and lists", () => {
    const long = "x".repeat(5000);
    const paths = pairs(`${long}/a`, `${long}/b`, "y/a", "y/b");
    expect(Math.max(...found(paths).map((label) => label.length))).toBe(200);
    expect(read(paths).notes[0]!.length).toBeLessThan(400);
  });
});
