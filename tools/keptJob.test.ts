import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { forgetKeptJob, readKeptJob, resumedFolder, writeKeptJob } from "./keptJob.ts";

const folder = mkdtempSync(join(tmpdir(), "kept-"));
afterAll(() => rmSync(folder, { recursive: true }));

test("--resume names a folder and stands alone", () => {
  expect(resumedFolder(["--data", "demo", "--out", "x"], "/home")).toBeNull();
  expect(resumedFolder(["--resume", "out"], "/home")).toBe("/home/out");
  expect(resumedFolder(["--resume=/out"], "/home")).toBe("/out");
  expect(() => resumedFolder(["--resume"], "/home")).toThrow(/given no folder/);
  expect(() => resumedFolder(["--resume", "--seed", "3"], "/home")).toThrow(/given no folder/);
  expect(() => resumedFolder(["--resume", "out", "--seed", "3"], "/home")).toThrow(/stands alone/);
});

test("what a run leaves is read back until it has finished", () => {
  expect(() => readKeptJob(folder)).toThrow(/no run in it that was broken off/);
  const job = { args: ["--data", "demo"], workingFolder: "/home", port: 4173 };
  writeKeptJob(folder, job);
  expect(readKeptJob(folder)).toEqual(job);
  writeFileSync(join(folder, ".resume.json"), '{"args":[');
  expect(() => readKeptJob(folder)).toThrow(/cannot be read/);
  forgetKeptJob(folder);
  expect(() => readKeptJob(folder)).toThrow(/no run in it/);
});
