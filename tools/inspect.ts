/**
 * What a checkpoint, an ONNX file or a zipped TensorFlow.js model holds, as one JSON object on stdout:
 *
 *     npm run inspect -- FILE
 *
 * Exit code 0 and the format, what was recognised and the tensors; or 1 and `{"refused": reason, …}`.
 */
import { readFile, stat } from "node:fs/promises";
import { basename } from "node:path";
import { AppError, toWire } from "../src/contract/errors.ts";
import type { TensorFact } from "../src/contract/tensorFact.ts";
import { boundedRefusal } from "../src/formats/boundedRefusal.ts";
import { maxCheckpointBytes } from "../src/formats/checkpoint.ts";
import { shownName, shownNotes, shownReport } from "../src/formats/quote.ts";
import { readWeightFiles } from "../src/formats/weightFiles.ts";
import { describeWeights } from "../src/formats/weightsReport.ts";

/** Characters of the list of tensors: more fill a terminal and are read by nobody. The largest ResNet has 140 000. */
const mostCharacters = 150_000;
/** Of other lists. */
const mostListed = 200;

const [path, ...rest] = process.argv.slice(2);
const report = await describe();
// A consumer that closes the pipe early must not leave half an object behind an exit code of success.
process.stdout.write(`${printed(report.json)}\n`, () => (process.exitCode = report.exitCode));

/** Shapes on one line each. */
function printed(json: object): string {
  return JSON.stringify(json, null, 2).replace(
    /\[\s+((?:-?[\d.]+|null)(?:,\s+(?:-?[\d.]+|null))*)\s+\]/g,
    (_, items: string) => `[${items.replace(/\s+/g, " ")}]`,
  );
}

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
    const notes = shownNotes(report.notes);
    const known = {
      ...shownReport({ ...report, tensors: [] }, mostListed),
      ...listed(report.tensors),
      notes,
    };
    return { json: { file: shownName(file), bytes: content.length, ...known }, exitCode: 0 };
  } catch (error) {
    const { message, ...more } = toWire(boundedRefusal(error));
    return { json: { refused: message, ...more }, exitCode: 1 };
  }
}

function listed(tensors: readonly TensorFact[]): object {
  const first: TensorFact[] = [];
  let characters = 0;
  for (const tensor of tensors) {
    const shown = shownReport(tensor, mostListed);
    characters += printed([shown]).length;
    if (characters > mostCharacters) break;
    first.push(shown);
  }
  const left = tensors.length - first.length;
  return { tensors: first, ...(left > 0 ? { tensorsNotListed: left } : {}) };
}
