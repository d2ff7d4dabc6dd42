import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, join, relative, resolve } from "node:path";
import { readFixtureArrays, type Fixture, type Json, type JsonObject } from "../src/ml/verify/fixture.ts";

/** Where the PyTorch numbers lie when they are at hand; nothing needs them to run. */
export const goldenFolder = resolve(import.meta.dirname, "../../shared/golden");

/** Every fixture manifest in a folder, sorted: each .json that says which fixture it is. */
export function findManifests(folder: string): readonly string[] {
  if (statSync(folder).isFile()) return [folder];
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".json") && path !== "index.json")
    .map((path) => join(folder, path))
    .sort();
}

/** Reads a manifest and the arrays it names. */
export function readFixture(manifestPath: string, root: string): Fixture {
  const manifest = JSON.parse(readFileSync(manifestPath, "utf8")) as Json;
  const arraysFile = (manifest as JsonObject)["arrays_file"];
  const name = relative(root, manifestPath).replace(/\.json$/, "") || manifestPath;
  return {
    name,
    manifest,
    arrays:
      typeof arraysFile === "string"
        ? readFixtureArrays(readFileSync(join(dirname(manifestPath), arraysFile)))
        : new Map(),
    readFile: async (path) => new Uint8Array(await readFile(join(dirname(manifestPath), path))),
  };
}

/**
 * The PyTorch fixtures of one folder ("4_losses"), for tests. Without them it says so in a line and returns none:
 * the tests beside hold second computations of their own.
 */
export function goldenFixtures(folder: string): readonly Fixture[] {
  const path = join(goldenFolder, folder);
  if (!existsSync(path)) {
    console.warn(`No golden fixtures at ${path}: only the self-made checks run.`);
    return [];
  }
  return findManifests(path).map((manifest) => readFixture(manifest, goldenFolder));
}
