import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parseTrainArguments } from "./trainArguments.ts";

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "train-arguments-"));
  mkdirSync(join(folder, "images"));
  writeFileSync(join(folder, "images", "a.png"), "");
  mkdirSync(join(folder, "empty"));
  mkdirSync(join(folder, "model"));
  for (const name of ["weights.bin", "model.json"]) writeFileSync(join(folder, "model", name), "");
  writeFileSync(join(folder, "good.json"), JSON.stringify({ batchSize: 16, seed: 5, method: "disco" }));
  writeFileSync(
    join(folder, "run.json"),
    JSON.stringify({ format: "disco-playground-run", config: { seed: 9, epochs: 3 }, seed: 9 }),
  );
  writeFileSync(join(folder, "broken.json"), "{ seed: 1 }");
  writeFileSync(join(folder, "wrong.json"), JSON.stringify({ seed: -1, colour: "red", epochs: 2 }));
  writeFileSync(join(folder, "list.json"), "[1]");
});
afterAll(() => rmSync(folder, { recursive: true }));

const parse = (...args: string[]) =>
  parseTrainArguments(["--data", "demo", "--out", "result", ...args], folder);

test("the shortest command is the demo set with the defaults", () => {
  expect(parse()).toEqual({
    data: { kind: "demo" },
    teacherFiles: [],
    teacherAddress: null,
    config: { data: "demo" },
    baseline: false,
    fitsPhotos: false,
    backend: "auto",
    outFolder: join(folder, "result"),
  });
});

test("a preset's settings give way to all that is asked for by name", () => {
  const job = parse("--preset", "alone", "--set", "temperature=0.2", "--baseline");
  expect(job?.config).toMatchObject({ method: "mocov2", teacher: "none", temperature: 0.2 });
  expect(job).toMatchObject({ baseline: true, fitsPhotos: false });
  expect(parse("--preset", "photos")?.fitsPhotos).toBe(true);
  expect(() => parse("--preset", "best")).toThrow("is none of seeItWork, paper");
  expect(() => parse("--preset", "bottleneck")).toThrow("is an ablation");
});

test("flags win over --set, --set over the file", () => {
  const job = parse(
    "--config",
    "good.json",
    "--set",
    "batchSize=8",
    "--set",
    "seed=6",
    "--seed",
    "7",
    "--steps",
    "40",
  );
  expect(job?.config).toEqual({ batchSize: 8, seed: 7, method: "disco", steps: 40, data: "demo" });
});

test("a run.json serves as configuration", () => {
  expect(parse("--config", "run.json")?.config).toEqual({ seed: 9, epochs: 3, data: "demo" });
});

test("a folder of images and a teacher of one's own, all its files in order", () => {
  const job = parse("--data", "images", "--teacher", "model", "--backend", "wasm");
  expect(job).toMatchObject({
    data: { kind: "folder", path: join(folder, "images") },
    teacherFiles: [join(folder, "model", "model.json"), join(folder, "model", "weights.bin")],
    teacherAddress: null,
    config: { data: "own", teacher: "own" },
    backend: "wasm",
  });
});

test("a teacher and images by their addresses", () => {
  const job = parse("--data", "https://data.example/a.zip", "--teacher", "https://hub.example/model.json#x");
  expect(job).toMatchObject({
    data: { kind: "address", address: "https://data.example/a.zip" },
    teacherFiles: [],
    teacherAddress: "https://hub.example/model.json",
    config: { data: "own", teacher: "own" },
  });
  expect(() => parse("--teacher", "http://hub.example/x.pth")).toThrow(/--teacher .*without encryption/);
});

test("without a teacher the method is MoCo-v2", () => {
  expect(parse("--teacher", "none")?.config).toMatchObject({ teacher: "none", method: "mocov2" });
});

test("help is not an error", () => {
  expect(parseTrainArguments(["--help"], folder)).toBeNull();
});

test.each([
  [["--sed", "1"], /Unknown option '--sed'[^]*--seed/],
  [["stray"], /Unexpected argument 'stray'/],
  [["--seed"], /--seed/],
  [["--data", "nowhere"], /--data nowhere: there is no such folder or file/],
  [["--data", "empty"], /--data empty: the folder is empty/],
  [["--teacher", "nobody"], /--teacher nobody: neither/],
  [["--teacher", "empty"], /holds no files/],
  [["--backend", "abacus"], /--backend abacus: is none of auto, webgpu/],
  [["--student", "resnet19"], /--student: "resnet19" is not one of resnet9, resnet18/],
  [["--steps", "many"], /--steps: "many" is not a number/],
  [["--steps", "1.5"], /--steps: 1.5 is not a whole number/],
  [["--seed", "-1"], /--seed/],
  [["--set", "temperature"], /is not name=value/],
  [["--set", "temperature=9"], /--set temperature: 9 is outside 0.01 … 2/],
  [["--set", "colour=red"], /--set colour: there is no such setting. Settings: .*temperature/],
  [["--set", "teacher=own"], /give its file with --teacher/],
  [["--config", "missing.json"], /cannot be read: ENOENT/],
  [["--config", "broken.json"], /broken.json: is not JSON/],
  [["--config", "list.json"], /holds no object of settings/],
  [["--config", "wrong.json"], /seed: -1 is outside[^]*colour: there is no such setting/],
  [["--out", "good.json"], /is a file, a folder is needed/],
])("refuses %j and says why", (args, message) => {
  expect(() => parse(...args)).toThrow(message);
});

test("says which of the two needed flags is missing", () => {
  expect(() => parseTrainArguments(["--out", "x"], folder)).toThrow(/--data is missing/);
  expect(() => parseTrainArguments(["--data", "demo"], folder)).toThrow(/--out is missing/);
});
