import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Recording } from "../src/page/verdict/testing/recording.ts";
import { repositoryRoot } from "./build.ts";

/** Where the recorded runs lie, one file each. */
export const recordingsFolder = join(repositoryRoot, "src/page/verdict/recordings");

/** All of them, by name. */
export function readRecordings(): readonly Recording[] {
  return readdirSync(recordingsFolder)
    .filter((name) => name.endsWith(".json"))
    .sort()
    .map((name) => JSON.parse(readFileSync(join(recordingsFolder, name), "utf8")) as Recording);
}
