import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, join, relative, resolve } from "node:path";
import { readFixtureArrays, type Fixture, type Json, type JsonObject } from "../verify/fixture.ts";

/** PyTorch's numbers: a folder, named by its path from the repository's root. */
export interface FixtureSet {
  readonly name: string;
  readonly folder: string;
}

const repositoryRoot = resolve(import.meta.dirname, "..");
const fixtureSet = (name: string): FixtureSet => ({ name, folder: resolve(repositoryRoot, name) });

/** The repository's own, written by tools/fixtures/make.py. */
export const ownFixtures = fixtureSet("tools/fixtures/golden");
/** A larger set of the same format beside the checkout. Where it is at hand tests cover it too; nothing needs it. */
export const largerFixtures = fixtureSet("../shared/golden");

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

/** One folder ("4_losses") of the repository's own set, and of the larger one where it is at hand. */
export function goldenFolders(part: string): readonly FixtureSet[] {
  const [own, larger] = [ownFixtures, largerFixtures].map(({ name }) => fixtureSet(`${name}/${part}`));
  return existsSync(larger!.folder) ? [own!, larger!] : [own!];
}

/**
 * The fixtures of one folder ("4_losses") of every set, for tests; says in a line which.
 *
 * @returns never none; named by their path from the repository's root.
 * @throws Error when the repository's own set has none.
 */
export function goldenFixtures(part: string): readonly Fixture[] {
  const found = goldenFolders(part).map(({ name, folder }) => ({ name, manifests: findManifests(folder) }));
  console.log(
    `PyTorch's numbers: ${found.map((set) => `${set.manifests.length} of ${set.name}`).join(", ")}`,
  );
  if (found[0]?.manifests.length === 0) throw new Error(`${found[0].name} holds no fixtures.`);
  return found.flatMap(({ manifests }) => manifests.map((path) => readFixture(path, repositoryRoot)));
}

/** Rows for `test.each(…)("%s", …)`: "$name" would be cut short. */
export function byName(fixtures: readonly Fixture[]): (readonly [name: string, fixture: Fixture])[] {
  return fixtures.map((fixture) => [fixture.name, fixture]);
}
