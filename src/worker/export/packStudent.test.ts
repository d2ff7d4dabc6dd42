import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { env, pipeline, RawImage } from "@huggingface/transformers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  exportPartNames,
  exportTolerance,
  type ExportCheck,
  type StudentToPack,
} from "../../contract/studentExport.ts";
import { hasPython } from "../../../tools/testing/python.ts";
import { sampleRun } from "../../formats/testing/sampleRun.ts";
import { openZip } from "../../formats/zip.ts";
import { relativeDifference } from "../../ml/export/certificate.ts";
import { testStudent, type TestStudent } from "./testing/testStudent.ts";
import { useNodeBackend } from "../../../tools/nodeBackends.ts";
import { packStudent } from "./packStudent.ts";
import { nodeRuntimes } from "./testing/nodeRuntimes.ts";

const folders: string[] = [];
afterAll(() => folders.forEach((folder) => rmSync(folder, { recursive: true })));
beforeAll(() => useNodeBackend("wasm"));

/** Packs a student and unpacks it in an empty folder. */
async function unpacked(
  student: TestStudent,
  more: Partial<StudentToPack> = {},
): Promise<{
  readonly folder: string;
  readonly checks: readonly ExportCheck[];
  readonly paths: readonly string[];
}> {
  const { weights, settings, witness } = student;
  const job = { weights, settings, witness, parts: exportPartNames, withHead: true, run: sampleRun, ...more };
  const { zip, checks, files } = await packStudent(job, nodeRuntimes, () => undefined);
  const folder = mkdtempSync(join(tmpdir(), "student-"));
  folders.push(folder);
  for (const { path, read } of (await openZip(zip)).entries) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), await read());
  }
  return { folder, checks, paths: files.map(({ path }) => path) };
}

function python(folder: string, ...command: string[]): { status: number | null; output: string } {
  const { status, stdout, stderr } = spawnSync("python3", command, { cwd: folder, encoding: "utf8" });
  return { status, output: stdout + stderr };
}

// One of each family, and the networks that torchvision knows by name.
const students = [
  { student: "resnet9", studentWidth: 8 },
  { student: "resnet18", studentWidth: 64, studentStem: "imagenet" },
  { student: "resnet50", studentWidth: 4, hiddenWidth: 0 },
  { student: "mobilenetV3Small", studentWidth: 64, studentStem: "imagenet" },
  { student: "mobilenetV3Large", studentWidth: 12 },
  { student: "efficientnetB0", studentWidth: 8, method: "simReg" },
  { student: "efficientnetB1", studentWidth: 12, studentStem: "imagenet", method: "compress" },
] as const;

const packed: { readonly folder: string; readonly student: TestStudent }[] = [];

describe.each(students)("student.zip of $student, width $studentWidth", (patch) => {
  let student: TestStudent;
  let folder: string;
  let paths: readonly string[];
  beforeAll(async () => {
    student = await testStudent(patch);
    ({ folder, paths } = await unpacked(student));
    packed.push({ folder, student });
  }, 120_000);

  it("holds all that its README lists, and a certificate that names what was checked", () => {
    const readme = readFileSync(join(folder, "README.md"), "utf8");
    for (const path of paths) expect(existsSync(join(folder, path)), path).toBe(true);
    for (const path of paths.filter((path) => path !== "README.md")) expect(readme).toContain(`\`${path}\``);
    const isPublished = student.settings.studentWidth === 64;
    expect(readme.includes("torchvision.models.")).toBe(isPublished);
    expect(readme.includes("timm.create_model")).toBe(patch.student === "resnet18");
    const certificate = JSON.parse(readFileSync(join(folder, "certificate.json"), "utf8")) as {
      pictures: readonly unknown[];
      checks: readonly ExportCheck[];
    };
    expect(certificate.pictures).toHaveLength(8);
    expect(certificate.checks.map(({ agrees }) => agrees)).toEqual([true, true, true, true]);
  });

  it("is what transformers.js loads, offline, from equal pixels", async () => {
    env.allowRemoteModels = false;
    env.localModelPath = folder;
    const { side, count, rgb, features } = student.witness;
    const embed = await pipeline("image-feature-extraction", "transformersjs", { dtype: "fp32" });
    const dim = features.length / count;
    for (let i = 0; i < 2; i++) {
      const pixels = rgb.slice(i * side * side * 3, (i + 1) * side * side * 3);
      const said = await embed(new RawImage(pixels, side, side, 3), { pool: true });
      const expected = features.slice(i * dim, (i + 1) * dim);
      const values = Float32Array.from(said.data as Float32Array);
      expect(relativeDifference(values, expected)).toBeLessThan(exportTolerance);
    }
    await embed.dispose();
  });
});

/** One Python for all folders: importing PyTorch takes longer than the comparisons. */
const inEachFolder = `
import os, runpy, sys
script, folders = sys.argv[1], sys.argv[2:]
for folder in folders:
    os.chdir(folder)
    sys.path.insert(0, folder)
    sys.modules.pop("model", None)
    sys.argv = [script, "example.png", "--json"] if script == "load.py" else [script]
    try:
        runpy.run_path(script, run_name="__main__")
    except SystemExit as end:
        print("ended with", end.code)
    sys.path.remove(folder)
`;

describe("every student.zip", () => {
  it.skipIf(!hasPython("torch"))(
    "agrees with PyTorch (where PyTorch is at hand)",
    { timeout: 120_000 },
    () => {
      expect(packed).toHaveLength(students.length);
      const { output } = python(
        tmpdir(),
        "-c",
        inEachFolder,
        "verify.py",
        ...packed.map(({ folder }) => folder),
      );
      expect(output.match(/^model\.safetensors agrees: PyTorch .*$/gm), output).toHaveLength(students.length);
      expect(output.match(/^ended with 0$/gm)).toHaveLength(students.length);
      expect(output).not.toContain("DIFFERS");
    },
  );

  it.skipIf(!hasPython("torch", "PIL"))(
    "embeds an image file (where PyTorch and Pillow are at hand)",
    { timeout: 120_000 },
    () => {
      const { output } = python(
        tmpdir(),
        "-c",
        inEachFolder,
        "load.py",
        ...packed.map(({ folder }) => folder),
      );
      const said = output.trim().split("\n");
      packed.forEach(({ student: { witness } }, i) => {
        const { count, features } = witness;
        const expected = features.slice(0, features.length / count);
        const values = Float32Array.from(JSON.parse(said[i]!) as number[]);
        expect(relativeDifference(values, expected)).toBeLessThan(exportTolerance);
      });
    },
  );
});

describe("what is packed", () => {
  it.skipIf(!hasPython("torch"))("is told apart from another student by verify.py", async () => {
    const student = await testStudent({ student: "resnet9", studentWidth: 4 });
    const { folder } = await unpacked(student, { parts: ["torch"] });
    const path = join(folder, "certificate.json");
    const certificate = JSON.parse(readFileSync(path, "utf8")) as { pictures: { features: number[] }[] };
    certificate.pictures[5]!.features[3]! += 0.01;
    writeFileSync(path, JSON.stringify(certificate));
    const { status, output } = python(folder, "verify.py");
    expect(output).toContain("DIFFERS");
    expect(status).toBe(1);
  });

  it("is not handed over when a model says something else", async () => {
    const student = await testStudent({ student: "resnet9", studentWidth: 4 });
    const features = student.witness.features.map((value, i) => (i === 7 ? value + 0.01 : value));
    const { weights, settings, witness } = student;
    const job = {
      weights,
      settings,
      witness: { ...witness, features },
      parts: exportPartNames,
      withHead: false,
      run: sampleRun,
    };
    await expect(packStudent(job, nodeRuntimes, () => undefined)).rejects.toMatchObject({
      code: "internal",
      details: [
        expect.stringContaining("model.onnx"),
        expect.stringContaining("model-uint8.onnx"),
        expect.stringContaining("transformersjs/onnx/model.onnx"),
        expect.stringContaining("tfjs/model.json"),
      ] as string[],
    });
  });

  it("names no file and no folder of its owner's", async () => {
    const student = await testStudent({ student: "resnet9", studentWidth: 4 });
    const dataset = {
      ...sampleRun.dataset,
      kind: "own",
      name: "Holidays with Ada",
      labels: ["Ada", "Ben"],
    } as const;
    const run = { ...sampleRun, dataset };
    const { folder, paths } = await unpacked(student, { parts: ["torch"], withHead: false, run });
    for (const path of paths)
      expect(readFileSync(join(folder, path), "latin1"), path).not.toMatch(/Holidays|Ada|Ben\b/);
    expect(paths).not.toContain("head.safetensors");
  });

  it("says what a teacher's licence means for the student", async () => {
    const student = await testStudent({ student: "resnet9", studentWidth: 4 });
    const teacher = { ...sampleRun.teacher!, source: "safetensors" } as const;
    const card = async (address?: string): Promise<string> => {
      const origin = address === undefined ? {} : { teacherOrigin: { address, sha256: null } };
      const { folder } = await unpacked(student, {
        parts: ["torch"],
        run: { ...sampleRun, teacher, ...origin },
      });
      return readFileSync(join(folder, "README.md"), "utf8");
    };
    expect(await card()).toContain("Its licence: **not known**");
    expect(
      await card("https://huggingface.co/timm/resnet18.tv_in1k/resolve/main/model.safetensors"),
    ).toContain("Its licence: **BSD-3-Clause**");
  });
});
