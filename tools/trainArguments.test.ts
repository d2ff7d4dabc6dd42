import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import fc from "fast-check";
import { formatRunFile, type RunFile } from "../src/contract/runFile.ts";
import { sampleRun as run } from "../src/formats/testing/sampleRun.ts";
import { parseTrainArguments, UsageError } from "./trainArguments.ts";

let folder: string;

const { config } = run;
const taught: RunFile = {
  ...run,
  config: { ...config, teacher: "own" },
  teacher: { ...run.teacher!, name: "moco.pth", source: "pytorch", architecture: "ResNet-50" },
  teacherOrigin: { address: "https://hub.example/moco.pth", sha256: null },
};

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "train-arguments-"));
  mkdirSync(join(folder, "images"));
  writeFileSync(join(folder, "images", "a.png"), "");
  mkdirSync(join(folder, "empty"));
  mkdirSync(join(folder, "classes", "cat"), { recursive: true }); // folders, and no file in any
  mkdirSync(join(folder, "model"));
  for (const name of ["weights.bin", "model.json"]) writeFileSync(join(folder, "model", name), "");
  writeFileSync(join(folder, "good.json"), JSON.stringify({ batchSize: 16, seed: 5, method: "disco" }));
  for (const [name, file] of Object.entries({ run, taught })) {
    mkdirSync(join(folder, name));
    writeFileSync(join(folder, name, "run.json"), formatRunFile(file));
  }
  writeFileSync(join(folder, "cut.json"), formatRunFile(run).replace(/"plan"[^]*"metrics"/, '"metrics"'));
  symlinkSync("nothing", join(folder, "dangling"));
  // As in the Hugging Face hub's cache: the names are those of links, the files lie elsewhere.
  mkdirSync(join(folder, "snapshot"));
  symlinkSync(join(folder, "model", "weights.bin"), join(folder, "snapshot", "model.safetensors"));
  symlinkSync("nothing", join(folder, "snapshot", "gone.json"));
  mkdirSync(join(folder, "rings"));
  for (let i = 0; i < 20; i++) symlinkSync(".", join(folder, "rings", `ring ${i}`)); // 20⁸ ways round
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
    batchAsked: null,
    repeated: null,
    baseline: false,
    fitsPhotos: false,
    backend: "auto",
    exports: [],
    forCluster: false,
    outFolder: join(folder, "result"),
  });
});

test("formats to export are named, all or some", () => {
  expect(parse("--export", "all")?.exports).toEqual(["torch", "onnx", "transformersjs", "tfjs"]);
  expect(parse("--cluster")?.forCluster).toBe(true);
  expect(parse("--export", "tfjs, onnx")?.exports).toEqual(["onnx", "tfjs"]);
  expect(() => parse("--export", "onnx,coreml")).toThrow("“coreml” is neither all nor one of torch, onnx");
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

test("a run.json is read whole, and its run repeated but for what other flags say", () => {
  const job = parse("--config", "run/run.json", "--set", "epochs=4");
  expect(job?.config).toEqual({ ...config, epochs: 4, data: "demo" });
  expect(job?.repeated).toEqual(run);
  expect(job?.batchAsked).toBeNull();
  expect(parse("--config", "taught/run.json", "--teacher", "model/weights.bin")?.config.teacher).toBe("own");
});

test("a batch size that is asked for is held to", () => {
  expect(parse("--set", "batchSize=64")?.batchAsked).toBe(64);
  expect(parse("--config", "good.json")?.batchAsked).toBeNull();
});

test("a teacher's files may be links", () => {
  expect(parse("--teacher", "snapshot")?.teacherFiles).toEqual([
    join(folder, "snapshot", "model.safetensors"),
  ]);
});

test("any file given as --config is read or refused in words", () => {
  const text = formatRunFile(taught);
  const read = (content: string): void => {
    writeFileSync(join(folder, "any.json"), content);
    try {
      expect(parse("--config", "any.json", "--teacher", "model")).not.toBeNull();
    } catch (error) {
      expect(error).toBeInstanceOf(UsageError);
      expect((error as Error).message.length).toBeLessThan(20_000);
    }
  };
  const names = Object.keys(taught) as (keyof RunFile)[];
  fc.assert(
    fc.property(fc.constantFrom(...names), fc.jsonValue(), (name, value) =>
      read(JSON.stringify({ ...taught, [name]: value })),
    ),
    { numRuns: 200 },
  );
  const cut = fc.tuple(fc.nat(text.length), fc.nat(40), fc.string({ maxLength: 8 }));
  fc.assert(
    fc.property(cut, ([at, length, other]) => read(text.slice(0, at) + other + text.slice(at + length))),
    { numRuns: 200 },
  );
  const hostile = fc.oneof(
    fc.json({ maxDepth: 6 }),
    fc
      .constantFrom("toString", "__proto__", "constructor", "x".repeat(100_000))
      .map((name) => `{"seed": {"${name}": 1}, "${name}": 2}`),
    fc.integer({ min: 1, max: 50_000 }).map((depth) => `{"seed": ${"[".repeat(depth)}${"]".repeat(depth)}}`),
  );
  fc.assert(fc.property(hostile, read), { numRuns: 200 });
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
  [["--teacher", "empty"], /the folder holds no files/],
  [["--teacher", "classes"], /the folder holds no files/],
  [["--teacher", "rings"], /the folder holds no files/],
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
  [["--config", "cut.json"], /cut.json: This is not a run file[^]*\n {2}plan: /],
  [["--config", "taught/run.json"], /--teacher. It was “moco.pth”, ResNet-50, from https:\/\/hub.example/],
  [["--data", "dangling"], /--data dangling: it is a link that leads nowhere/],
  [["--teacher", "dangling"], /it is a link that leads nowhere/],
  [["--set", "seed=0x10"], /--set seed: "0x10" is not a number in plain decimals/],
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
