/**
 * What a checkpoint, an ONNX file or a zipped TensorFlow.js model holds, as one JSON object on stdout:
 *
 *     npm run inspect -- FILE
 *
 * Exit code 0 and the format, what was recognised and every tensor; or 1 and `{"refused": reason, …}`.
 */
import { readFile, stat } from "node:fs/promises";
import { basename } from "node:path";
import { AppError, toWire } from "../src/contract/errors.ts";
import { maxCheckpointBytes } from "../src/formats/checkpoint.ts";
import { readWeightFiles } from "../src/formats/weightFiles.ts";
import { describeWeights } from "../src/formats/weightsReport.ts";

const [path, ...rest] = process.argv.slice(2);
const report = await describe();
// A consumer that closes the pipe early must not leave half an object behind an exit code of success.
process.stdout.write(`${JSON.stringify(report.json, null, 2)}\n`, () => (process.exitCode = report.exitCode));

async function describe(): Promise<{ json: object; exitCode: number }> {
  try {
    if (path === undefined || rest.length > 0)
      throw new AppError("not-found", "Exactly one file is needed.", { hint: "npm run inspect -- FILE" });
    const found = await stat(path).catch(() => null);
    if (found === null) throw new AppError("not-found", `There is no file at ${path}.`);
    if (!found.isFile()) throw new AppError("not-found", `${path} is not a file.`);
    if (found.size > maxCheckpointBytes)
      throw new AppError(
        "file-refused",
        `${path} has ${found.size} bytes; at most ${maxCheckpointBytes} are read.`,
      );
    const file = basename(path);
    const content = new Uint8Array(await readFile(path));
    const report = describeWeights(await readWeightFiles([{ path: file, content }]));
    return { json: { file, bytes: content.length, ...report }, exitCode: 0 };
  } catch (error) {
    const { message, ...more } = toWire(error);
    return { json: { refused: message, ...more }, exitCode: 1 };
  }
}
