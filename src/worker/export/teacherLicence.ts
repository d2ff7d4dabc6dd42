import type { RunFile } from "../../contract/runFile.ts";
import { teacherPresets } from "../../contract/teacherPresets.ts";

/** Under what terms a run's teacher is published, as far as that is known. */
export interface TeacherLicence {
  /** "ResNet-18, 3×3 stem, width 32 (the playground's own)". */
  readonly teacher: string;
  /** "MIT"; null where nobody here knows. */
  readonly licence: string | null;
  /** What follows for whoever passes the student on. */
  readonly meaning: string;
}

/** @returns null of a run without a teacher. */
export function teacherLicence({ teacher, teacherOrigin }: RunFile): TeacherLicence | null {
  if (teacher === null) return null;
  if (teacher.source === "bundled")
    return {
      teacher: `${teacher.architecture}, the playground's own`,
      licence: "MIT",
      meaning:
        "The teacher is part of DisCo Playground (MIT): the student may be used and passed on freely, as far as the teacher is concerned. The teacher learnt from CIFAR-10's images, without labels, and from drawn ones.",
    };
  const preset = teacherPresets.find(({ address }) => address === teacherOrigin?.address);
  const name =
    preset === undefined
      ? `${teacher.architecture}${teacherOrigin === undefined ? ", from a file" : `, from ${teacherOrigin.address}`}`
      : `${preset.title}, from ${preset.address}`;
  if (preset === undefined)
    return {
      teacher: name,
      licence: null,
      meaning:
        "The playground does not know this teacher's licence. Look it up before you pass the student on: a student that imitates a teacher may count as derived from it, and then its terms hold for the student too.",
    };
  return {
    teacher: name,
    licence: preset.licence,
    meaning: meanings[preset.licence.includes("NC") ? "nonCommercial" : "permissive"],
  };
}

const meanings = {
  permissive:
    "A student that imitates a teacher may count as derived from it; whether it does is not settled. This licence allows use and passing on, commercially too: keep its copyright notice and text with the student.",
  nonCommercial:
    "A student that imitates a teacher may count as derived from it; whether it does is not settled. This licence forbids commercial use, so do not use the student commercially, and credit the teacher's authors.",
} as const;
