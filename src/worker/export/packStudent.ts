import { AppError } from "../../contract/errors.ts";
import type { PackedStudent, StudentToPack } from "../../contract/studentExport.ts";
import { writePng } from "../../formats/png.ts";
import { readSafetensors } from "../../formats/safetensors.ts";
import { writeZip } from "../../formats/zip.ts";
import { hex, sha256 } from "../../lib/sha256.ts";
import { certificateOf } from "../../ml/export/certificate.ts";
import { trainedStudent, type TrainedNetwork } from "../../ml/export/trainedNetwork.ts";
import { checkExports } from "./checkExports.ts";
import { modelCard } from "./modelCard.ts";
import { jsonFile, textFile, type PackedFile } from "./packedFile.ts";
import { publishableRun } from "./publishableRun.ts";
import type { ExportRuntimes } from "./runtimes.ts";
import { studentFiles } from "./studentFiles.ts";
import { madeBy } from "./versions.ts";

/**
 * `student.zip`: the student in the forms asked for, each tried on the certificate's pictures before anything is handed
 * over.
 *
 * @throws AppError "internal" when one of them does not say what the live student says.
 */
export async function packStudent(
  { weights, settings, witness, parts, withHead, run }: StudentToPack,
  runtimes: ExportRuntimes,
  say: (what: string) => void,
): Promise<PackedStudent> {
  say("Writing the files");
  const trained = trainedFrom(weights, settings);
  const models = studentFiles({ trained, settings, withHead }, parts);
  const checks = await checkExports({ files: models, trained, witness, withHead }, runtimes, say);
  const wrong = checks.filter(({ agrees }) => !agrees);
  if (wrong.length > 0)
    throw new AppError(
      "internal",
      "An export does not say what the student here says, so there is no download.",
      {
        hint: "The weights alone (student.safetensors) are not concerned. Please report this.",
        details: wrong.map(
          ({ file, runtime, largestDifference }) => `${file}, ${runtime}: differs by ${largestDifference}`,
        ),
      },
    );
  say("Packing");
  const pictureBytes = witness.side * witness.side * 3;
  const example = await writePng(witness.rgb.subarray(0, pictureBytes), witness.side, witness.side);
  const withoutCertificate: PackedFile[] = [
    ...models,
    { path: "example.png", bytes: example },
    jsonFile("run.json", publishableRun(run)),
  ];
  const hashes = await Promise.all(
    withoutCertificate.map(async ({ path, bytes }) => [path, hex(await sha256(bytes))] as const),
  );
  const certificate = jsonFile(
    "certificate.json",
    certificateOf(witness, {
      withHead,
      madeBy: `${madeBy.name} ${madeBy.version}`,
      backend: `${run.backend}, ${run.adapter}`,
      checks,
      sha256: Object.fromEntries(hashes),
    }),
  );
  const listed = [...withoutCertificate, certificate];
  const card = textFile(
    "README.md",
    modelCard({ trained, settings, withHead, parts, run, checks, files: listed }),
  );
  const files = [card, ...listed];
  return {
    zip: await writeZip(files),
    checks,
    files: files.map(({ path, bytes }) => ({ path, bytes: bytes.length })),
  };
}

/** From the file that the engine wrote. */
function trainedFrom(weights: Uint8Array<ArrayBuffer>, settings: StudentToPack["settings"]): TrainedNetwork {
  const { tensors } = readSafetensors(weights);
  const state = new Map(
    [...tensors].map(([name, tensor]) => [name, { shape: tensor.shape, data: tensor.toFloat32() }]),
  );
  return trainedStudent(settings, state);
}
