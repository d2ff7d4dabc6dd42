import type { StudentWitness } from "../../contract/studentAnswers.ts";
import type { ExportCheck } from "../../contract/studentExport.ts";
import { exportTolerance } from "../../contract/studentExport.ts";
import { shortestFloat32 } from "../../formats/csvTable.ts";
import { drawDemoImage } from "../data/demoSet.ts";

/** Drawn from a seed of their own: none of them is in the demo set. */
const seed = 20210409;
const pictures = 8;

/** The pictures that every export is tried on, [count, side, side, 3] bytes: nobody's photographs. */
export function certificatePictures(side: number): {
  readonly count: number;
  readonly rgb: Uint8Array<ArrayBuffer>;
} {
  const length = side * side * 3;
  const rgb = new Uint8Array(pictures * length);
  for (let i = 0; i < pictures; i++) rgb.set(drawDemoImage(seed, i, side).pixels, i * length);
  return { count: pictures, rgb };
}

/**
 * How far values lie apart: the largest difference, as a share of the largest expected value where that is over 1.
 * Infinite where anything is not a number, or one has more than the other.
 */
export function relativeDifference(found: Float32Array, expected: Float32Array): number {
  if (found.length !== expected.length) return Infinity;
  let difference = 0;
  let largest = 1;
  for (let i = 0; i < expected.length; i++) {
    const apart = Math.abs(found[i]! - expected[i]!);
    if (!(apart <= difference)) difference = Number.isFinite(apart) ? apart : Infinity;
    largest = Math.max(largest, Math.abs(expected[i]!));
  }
  return difference / largest;
}

/** The values of one export on the certificate's pictures. */
export interface ExportAnswers {
  readonly features: Float32Array;
  /** null where it was exported without a head. */
  readonly embedding: Float32Array | null;
}

/** Whether an export says what the live student says. */
export function checkAnswers(
  file: string,
  runtime: string,
  answers: ExportAnswers,
  witness: Pick<StudentWitness, "features" | "embedding">,
): ExportCheck {
  const differences = [relativeDifference(answers.features, witness.features)];
  if (answers.embedding !== null && witness.embedding !== null)
    differences.push(relativeDifference(answers.embedding, witness.embedding));
  const largestDifference = Math.max(...differences);
  return { file, runtime, largestDifference, agrees: largestDifference <= exportTolerance };
}

/** `certificate.json`. */
export function certificateOf(
  { backend, side, count, rgb, features, embedding }: StudentWitness,
  about: {
    readonly withHead: boolean;
    readonly madeBy: string;
    readonly checks: readonly ExportCheck[];
    readonly sha256: Readonly<Record<string, string>>;
  },
): Record<string, unknown> {
  const row = (values: Float32Array, i: number): number[] => {
    const dim = values.length / count;
    return Array.from(values.subarray(i * dim, (i + 1) * dim), shortestFloat32);
  };
  return {
    format: "disco-student-certificate",
    formatVersion: 1,
    what: "Drawn pictures, and what the student made of them in the page: features before and, with the head, its embedding.",
    madeBy: about.madeBy,
    backend,
    tolerance: exportTolerance,
    toleranceMeans: "largest difference of a value, as a share of the largest value where that is over 1",
    side,
    checks: about.checks,
    sha256: about.sha256,
    pictures: Array.from({ length: count }, (_, i) => ({
      rgb: base64(rgb.subarray(i * side * side * 3, (i + 1) * side * side * 3)),
      features: row(features, i),
      ...(about.withHead && embedding !== null ? { embedding: row(embedding, i) } : {}),
    })),
  };
}

function base64(bytes: Uint8Array): string {
  let text = "";
  const atOnce = 0x8000; // as many arguments as engines take
  for (let at = 0; at < bytes.length; at += atOnce)
    text += String.fromCharCode(...bytes.subarray(at, at + atOnce));
  return btoa(text);
}
