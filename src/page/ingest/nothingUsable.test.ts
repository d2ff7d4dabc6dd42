import { expect, test } from "vitest";
import { nothingUsable } from "./nothingUsable.ts";

const refused = (path: string) =>
  ({ path, reason: "not-an-image", message: "not a kind of picture we know." }) as const;

test("an empty folder is named, with what to do", () => {
  const { message, hint, details } = nothingUsable("holidays", 0, []);
  expect(message).toBe('"holidays" is empty: there are no files in it.');
  expect(hint).toMatch(/^Give the folder or zip that holds your images\. Accepted: JPEG/);
  expect(details).toEqual([]);
});

test("the reason of a single file is said once", () => {
  const { message, details } = nothingUsable("pets", 1, [refused("pets/notes.txt")]);
  expect(message).toBe('No images found in "pets/notes.txt": not a kind of picture we know.');
  expect(details).toEqual([]);
});

test("of several files each has its reason, up to ten", () => {
  const rejects = Array.from({ length: 12 }, (_, i) => refused(`pets/${i}.txt`));
  const { message, details } = nothingUsable("pets", 12, rejects);
  expect(message).toBe('No images found in "pets": none of its 12 files can be used.');
  expect(details).toHaveLength(10);
  expect(details[0]).toBe("pets/0.txt: not a kind of picture we know.");
});
