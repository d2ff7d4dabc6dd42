import { settingNames, settings, type Config } from "../../contract/config.ts";
import { CpuViewSource } from "../../ml/augment/cpuViewSource.ts";
import type { ImageStore } from "../../ml/data/imageStore.ts";
import type { LookedAt } from "../../ml/eval/lookedAt.ts";
import { createMethod } from "../../ml/methods/createMethod.ts";
import type { PlainEmbeddings } from "../../ml/teachers/plainEmbeddings.ts";
import type { Embedded } from "../../ml/teachers/teacher.ts";
import { Judge } from "../../ml/training/judge.ts";
import { finish } from "../../lib/slices.ts";
import { fitToSet } from "./fitToSet.ts";

/** What can be seen of a set before any run. */
export interface PreviewRows {
  readonly before: LookedAt;
  /** Null where the teacher would first have to be shown the images. */
  readonly teacher: LookedAt | null;
}

/**
 * What the student of a configuration makes of a set before its first step, worked out while the page is looked at. Work
 * that is called off leaves nothing behind; what was worked out is kept until set, student or teacher is another.
 */
export class SightPreview {
  private key = "";
  private rows: PreviewRows | null = null;
  private cancelled = false;

  /** As far as it is known for this set, configuration and teacher. */
  known(key: string): PreviewRows | null {
    return key === this.key ? this.rows : null;
  }

  /** Whoever needs the engine goes first. */
  cancel(): void {
    this.cancelled = true;
  }

  /** @returns whether something new is known. */
  async workOut(
    key: string,
    store: ImageStore,
    asked: Config,
    plain: PlainEmbeddings | null,
  ): Promise<boolean> {
    if (this.known(key) !== null) return false;
    this.cancelled = false;
    // The student's first weights are the same with and without a teacher, and alone it needs none to be made.
    const { split, config } = fitToSet(store, {
      ...asked,
      method: "mocov2",
      teacher: "none",
      teacherViews: "same",
    });
    const source = new CpuViewSource(store, config.imageSize);
    const method = createMethod(config, null);
    const teacher = plain === null ? null : { plain, see: (said: Embedded) => said };
    const judge = new Judge(store, source, split, config, teacher);
    try {
      judge.keepUntrained(method);
      const cancelled = (): boolean => this.cancelled;
      if ((await finish(judge.measureUntrained(), undefined, cancelled)) === null) return false;
      if (judge.isTeacherKnown && (await finish(judge.measureTeacher(), undefined, cancelled)) === null)
        return false;
      if (judge.untrainedRows === null) return false;
      this.key = key;
      this.rows = { before: judge.untrainedRows, teacher: judge.teacherRowsOfSet };
      return true;
    } finally {
      judge.dispose();
      method.dispose();
      source.dispose();
    }
  }
}

/** Two configurations of equal keys see a set alike before their first step. */
export function previewKey(fingerprint: string, teacherName: string, config: Config): string {
  const decisive = settingNames.filter((name) => ["student", "evaluation"].includes(settings[name].group));
  return JSON.stringify([
    fingerprint,
    teacherName,
    config.seed,
    config.imageSize,
    config.method,
    decisive.map((name) => config[name]),
  ]);
}
