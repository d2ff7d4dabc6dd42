import type { StudentWitness } from "../../contract/studentAnswers.ts";
import type { ExportCheck } from "../../contract/studentExport.ts";
import { checkAnswers, type ExportAnswers } from "../../ml/export/certificate.ts";
import { outputsOf, type TrainedNetwork } from "../../ml/export/trainedNetwork.ts";
import type { PackedFile } from "./packedFile.ts";
import type { ExportRuntimes, ModelInput } from "./runtimes.ts";

/** What is checked, and by what. */
export interface CheckedStudent {
  readonly files: readonly PackedFile[];
  readonly trained: TrainedNetwork;
  readonly witness: StudentWitness;
  readonly withHead: boolean;
}

/** Runs every model file on the certificate's pictures and compares. @param say what is under way. */
export async function checkExports(
  { files, trained, witness, withHead }: CheckedStudent,
  runtimes: ExportRuntimes,
  say: (what: string) => void,
): Promise<readonly ExportCheck[]> {
  const outputs = outputsOf(trained.network, withHead).map(({ name }) => name);
  const checks: ExportCheck[] = [];
  const check = async (
    file: string,
    runtime: string,
    run: () => Promise<readonly Float32Array[]>,
  ): Promise<void> => {
    say(`Checking ${file} with ${runtime}`);
    const [features, embedding = null] = await run();
    const answers: ExportAnswers = { features: features ?? new Float32Array(), embedding };
    checks.push(checkAnswers(file, runtime, answers, witness));
  };
  for (const { path, bytes } of files.filter(({ path }) => path.endsWith(".onnx"))) {
    const input = path === "model-uint8.onnx" ? byteInput(witness) : floatInput(witness, trained);
    await check(path, runtimes.onnx.title, () => runtimes.onnx.run(bytes, input, outputs));
  }
  const graph = files.filter(({ path }) => /^tfjs\/.*\.(json|bin)$/.test(path));
  if (graph.length > 0)
    await check("tfjs/model.json", runtimes.tfjs.title, () =>
      runtimes.tfjs.run(graph, symmetricInput(witness), outputs),
    );
  return checks;
}

function byteInput({ side, count, rgb }: StudentWitness): ModelInput {
  return { name: "pixels", shape: [count, side, side, 3], values: rgb };
}

/** Normalised as whoever uses the file has to. */
function floatInput({ side, count, rgb }: StudentWitness, { preprocessing }: TrainedNetwork): ModelInput {
  const { mean, std } = preprocessing;
  const area = side * side;
  const values = new Float32Array(rgb.length);
  for (let i = 0; i < count; i++)
    for (let at = 0; at < area; at++)
      for (let c = 0; c < 3; c++)
        values[(i * 3 + c) * area + at] = (rgb[(i * area + at) * 3 + c]! / 255 - mean[c]!) / std[c]!;
  return { name: "pixel_values", shape: [count, 3, side, side], values };
}

function symmetricInput({ side, count, rgb }: StudentWitness): ModelInput {
  const values = Float32Array.from(rgb, (value) => value / 127.5 - 1);
  return { name: "images", shape: [count, side, side, 3], values };
}
