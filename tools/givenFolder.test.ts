import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { realpathSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join, relative } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { FolderError, openGivenFolder } from "./givenFolder.ts";

let root: string;
let set: string;
beforeEach(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), "given-folder-")));
  set = join(root, "set");
  for (const path of ["set/cat/a.png", "elsewhere/dogs/b.png", "elsewhere/dogs/more/c.png", "blobs/0f3a"])
    write(path);
});
afterEach(() => rmSync(root, { recursive: true }));

function write(path: string): void {
  mkdirSync(join(root, path, ".."), { recursive: true });
  writeFileSync(join(root, path), path);
}

/** Path within → content, of what a browser would see: no links. */
function seen(folder: string): Record<string, string> {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name));
  return Object.fromEntries(files.map((file) => [relative(folder, file), readFileSync(file, "utf8")]));
}

test("a folder without links is given as it is", () => {
  expect(openGivenFolder(set)).toMatchObject({ path: set, notes: [] });
});

test("a link to a folder leads to it", () => {
  symlinkSync(set, join(root, "link"));
  expect(openGivenFolder(join(root, "link"))).toMatchObject({ path: set, notes: [] });
});

test("links inside are followed under their own names, and nothing is left behind", () => {
  symlinkSync("../elsewhere/dogs", join(set, "dog"));
  symlinkSync(join(root, "blobs/0f3a"), join(set, "cat", "d.png"));
  symlinkSync("dog", join(set, "again"));
  const given = openGivenFolder(set);
  expect(basename(given.path)).toBe("set");
  expect(seen(given.path)).toEqual({
    "cat/a.png": "set/cat/a.png",
    "cat/d.png": "blobs/0f3a",
    "dog/b.png": "elsewhere/dogs/b.png",
    "dog/more/c.png": "elsewhere/dogs/more/c.png",
    "again/b.png": "elsewhere/dogs/b.png",
    "again/more/c.png": "elsewhere/dogs/more/c.png",
  });
  given.remove();
  expect(() => readdirSync(given.path)).toThrow(/ENOENT/);
  expect(seen(set)).toEqual({ "cat/a.png": "set/cat/a.png" });
});

test("links in circles and links that lead nowhere are left out, and said", () => {
  symlinkSync("..", join(set, "cat", "up"));
  symlinkSync("../..", join(set, "cat", "outside"));
  symlinkSync("nothing", join(set, "gone.png"));
  symlinkSync("self", join(set, "self"));
  mkdirSync(join(root, "elsewhere", "dogs", "back"));
  symlinkSync(set, join(root, "elsewhere", "dogs", "back", "home"));
  symlinkSync("../elsewhere/dogs", join(set, "dog"));
  const given = openGivenFolder(set);
  expect(Object.keys(seen(given.path)).sort()).toEqual(["cat/a.png", "dog/b.png", "dog/more/c.png"]);
  expect([...given.notes].sort()).toEqual([
    "cat/outside: a link to a folder that it lies in, left out",
    "cat/up: a link to a folder that it lies in, left out",
    "dog/back/home: a link to a folder that it lies in, left out",
    "gone.png: a link that leads nowhere, left out",
    "self: a link that leads nowhere, left out",
  ]);
  given.remove();
});

test("a folder that is too large is refused before anything is made, however links blow it up", () => {
  for (let i = 0; i < 20; i++) {
    mkdirSync(join(root, `level${i}`));
    for (const name of ["one", "two"])
      symlinkSync(join(root, `level${i + 1}`), join(root, `level${i}`, name));
  }
  mkdirSync(join(root, "level20"));
  expect(() => openGivenFolder(join(root, "level0"), 1000)).toThrow(FolderError);
  expect(() => openGivenFolder(join(root, "level0"), 1000)).toThrow("it holds more than 1,000 files");
});
