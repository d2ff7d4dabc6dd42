import { beforeAll, describe, expect, it } from "vitest";
import { settings as allSettings } from "../../contract/config.ts";
import { exportPartNames, exportTolerance, type StudentSettings } from "../../contract/studentExport.ts";
import { readCheckpoint } from "../../formats/checkpoint.ts";
import { readOnnxModel } from "../../formats/onnxModel.ts";
import { readTfjsModel } from "../../formats/tfjsModel.ts";
import { cropResize } from "../../ml/augment/cropResize.ts";
import { drawDemoImage } from "../../ml/data/demoSet.ts";
import { relativeDifference } from "../../ml/export/certificate.ts";
import { testStudent, type TestStudent } from "./testing/testStudent.ts";
import { embedWithTeacher } from "../../ml/teachers/embedWithTeacher.ts";
import { createCheckpointTeacher } from "../../ml/teachers/checkpointTeacher.ts";
import { OnnxTeacher, type OpenOnnxSession } from "../../ml/teachers/onnxTeacher.ts";
import type { Teacher } from "../../ml/teachers/teacher.ts";
import { TfjsTeacher } from "../../ml/teachers/tfjsTeacher.ts";
import * as tf from "../../ml/tfjs/tf.ts";
import { useNodeBackend } from "../../../tools/nodeBackends.ts";
import { checkExports } from "./checkExports.ts";
import { nodeRuntimes } from "./testing/nodeRuntimes.ts";
import { studentFiles } from "./studentFiles.ts";

const architectures = Object.keys(allSettings.student.options) as StudentSettings["student"][];
/** One that every rounding of channels touches, and a usual one. */
const widths = [12, 16];

const cases = architectures.flatMap((student, i) =>
  widths.map((studentWidth, w) => ({
    student,
    studentWidth,
    // Each architecture with both stems, and with each of the heads that there are.
    studentStem: (["cifar", "imagenet"] as const)[(i + w) % 2]!,
    ...([{ hiddenWidth: 24 }, { hiddenWidth: 0 }, { method: "simReg" }] as const)[(i + w) % 3],
  })),
);

/** What a teacher says of the certificate's pictures. */
async function saidBy(teacher: Teacher, { witness }: TestStudent): Promise<Float32Array> {
  const { side, count, rgb } = witness;
  const pictures = tf.tensor4d(
    Float32Array.from(rgb, (value) => value / 255),
    [count, side, side, 3],
  );
  const said = await embedWithTeacher(teacher, pictures, 0);
  const values = Float32Array.from(await said.embedding.data<"float32">());
  tf.dispose([pictures, said.embedding, said.features]);
  teacher.dispose();
  return values;
}

const openOnnx: OpenOnnxSession = async (model, { input, output }) => ({
  place: "in Node",
  async run(images) {
    const values = Float32Array.from(await images.data<"float32">());
    const given = { name: input, shape: images.shape, values };
    const [found] = await nodeRuntimes.onnx.run(model, given, [output]);
    const rows = images.shape[0];
    return tf.tensor2d(found!, [rows, found!.length / rows]);
  },
  dispose: () => undefined,
});

beforeAll(() => useNodeBackend("wasm"));

describe.each(cases)("$student, width $studentWidth, $studentStem stem", (patch) => {
  let student: TestStudent;
  beforeAll(async () => {
    student = await testStudent(patch);
  });

  it("says the same as ONNX and as TensorFlow.js graph, with and without head", async () => {
    for (const withHead of [false, true]) {
      const { trained, settings, witness } = student;
      const files = studentFiles({ trained, settings, withHead }, exportPartNames);
      const checks = await checkExports({ files, trained, witness, withHead }, nodeRuntimes, () => undefined);
      expect(checks.map(({ file }) => file)).toEqual([
        "model.onnx",
        "model-uint8.onnx",
        "transformersjs/onnx/model.onnx",
        "tfjs/model.json",
      ]);
      for (const { file, largestDifference } of checks)
        expect(largestDifference, file).toBeLessThan(exportTolerance);
    }
    expect(Math.max(...student.witness.features.map(Math.abs))).toBeGreaterThan(0.1); // no comparison of zeros
  });

  it("says the same when its files are given as a teacher", async () => {
    const { trained, settings, witness, weights } = student;
    const files = studentFiles({ trained, settings, withHead: true }, exportPartNames);
    const bytesOf = (path: string): Uint8Array<ArrayBuffer> =>
      files.find((file) => file.path === path)!.bytes;

    const encoder = await readCheckpoint(bytesOf("model.safetensors"), "model.safetensors");
    const alone = createCheckpointTeacher(encoder, { name: "model.safetensors", bytes: 1 });
    expect(alone.card.head).toBe("none: pooled features");
    expect(relativeDifference(await saidBy(alone, student), witness.features)).toBeLessThan(exportTolerance);

    const whole = createCheckpointTeacher(await readCheckpoint(weights, "s"), { name: "s", bytes: 1 });
    // SimReg's head has a form that no published teacher has: the features are taken.
    const expected = settings.method === "simReg" ? witness.features : witness.embedding!;
    expect(relativeDifference(await saidBy(whole, student), expected)).toBeLessThan(exportTolerance);

    const model = readOnnxModel(bytesOf("model.onnx"), "model.onnx");
    const onnx = await OnnxTeacher.load(model, 1, {}, openOnnx);
    expect(onnx.card).toMatchObject({ inputSize: 32, recipe: { output: "pooler_output" } });
    expect(relativeDifference(await saidBy(onnx, student), witness.features)).toBeLessThan(exportTolerance);

    const graph = files
      .filter(({ path }) => /^tfjs\/.*\.(json|bin)$/.test(path))
      .map(({ path, bytes }) => ({ path, size: bytes.length, read: async () => bytes }));
    const tfjs = await TfjsTeacher.load(await readTfjsModel(graph, "student"));
    expect(relativeDifference(await saidBy(tfjs, student), witness.features)).toBeLessThan(exportTolerance);
  });
});

it("cuts and resizes bytes of any size as the page renders its pictures", async () => {
  const { trained, settings } = await testStudent({ student: "resnet9", studentWidth: 4 });
  const side = settings.imageSize;
  const [height, width] = [83, 131];
  const picture = new Uint8Array(height * width * 3);
  const large = drawDemoImage(5, 1, width).pixels;
  picture.set(large.subarray(0, picture.length));
  const out = new Float32Array(side * side * 3);
  cropResize({
    source: picture,
    sourceOffset: 0,
    sourceWidth: width,
    scale: 1 / 255,
    box: { top: 0, left: 24, height, width: height },
    flip: false,
    antialias: true,
    height: side,
    width: side,
    out,
    outOffset: 0,
    scratch: new Float32Array(height * side * 3),
  });
  const { mean, std } = trained.preprocessing;
  const values = new Float32Array(out.length);
  for (let at = 0; at < side * side; at++)
    for (let c = 0; c < 3; c++) values[c * side * side + at] = (out[3 * at + c]! - mean[c]!) / std[c]!;

  const files = studentFiles({ trained, settings, withHead: false }, ["onnx"]);
  const [floats, bytes] = ["model.onnx", "model-uint8.onnx"].map((name) =>
    files.find(({ path }) => path === name)!,
  );
  const asked = [
    [floats!, { name: "pixel_values", shape: [1, 3, side, side], values }],
    [bytes!, { name: "pixels", shape: [1, height, width, 3], values: picture }],
  ] as const;
  const [expected, found] = await Promise.all(
    asked.map(
      async ([file, input]) => (await nodeRuntimes.onnx.run(file.bytes, input, ["pooler_output"]))[0]!,
    ),
  );
  expect(relativeDifference(found!, expected!)).toBeLessThan(exportTolerance);
});
