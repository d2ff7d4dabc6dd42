import { AppError } from "../../contract/errors.ts";
import type { PackedStudent, StudentToPack } from "../../contract/studentExport.ts";
import { writePng } from "../../formats/png.ts";
import { writeZip } from "../../formats/zip.ts";
import { hex, sha256 } from "../../lib/sha256.ts";
import { certificateOf } from "../../ml/export/certificate.ts";
import { readStudentFile } from "../../ml/export/trainedNetwork.ts";
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
  const trained = readStudentFile(weights, settings);
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
