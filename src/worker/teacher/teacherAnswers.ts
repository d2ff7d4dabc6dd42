import { settingNames, settings, type Config } from "../../contract/config.ts";
import type { DatasetSummary } from "../../contract/dataset.ts";
import { PlainEmbeddings, type StoredAnswers } from "../../ml/teachers/plainEmbeddings.ts";
import type { Teacher } from "../../ml/teachers/teacher.ts";
import { readAnswers, writeAnswers } from "./answerFile.ts";

/** Bytes kept by key from visit to visit. Nothing depends on it: what is gone is worked out anew. */
export interface AnswerStore {
  read(key: string): Promise<Uint8Array<ArrayBuffer> | null>;
  write(key: string, bytes: Uint8Array<ArrayBuffer>): Promise<void>;
}

interface KnownAnswers {
  readonly answers: PlainEmbeddings;
  /** How many of them the visitor's machine has. */
  savedCount: number;
  /** Whether they may outlive the teacher: not if nothing tells it from another one. */
  readonly isLasting: boolean;
}

/** Sets of answers kept in memory: a run's, and those of the runs before it. */
const mostInMemory = 3;

/** Which answers: by which teacher, about which images, at what sizes. */
export function answersKey(
  teacherHash: string,
  { fingerprint }: Pick<DatasetSummary, "fingerprint">,
  { imageSize, teacherInputSize }: Pick<Config, "imageSize" | "teacherInputSize">,
): string {
  return ["plain 1", teacherHash, fingerprint, imageSize, teacherInputSize].join(" ");
}

/**
 * What the teacher says of the plain images, worked out once for all runs: kept in memory, on the visitor's machine, and
 * for the bundled teacher and the demo set part of the site.
 */
export class TeacherAnswers {
  /** The latest last. */
  private readonly inMemory = new Map<string, KnownAnswers>();
  private ofViews: { readonly key: string; readonly answers: PlainEmbeddings } | null = null;
  private store: Promise<AnswerStore | null> | null = null;

  constructor(
    private readonly readShipped: () => Promise<Uint8Array<ArrayBuffer> | null>,
    private readonly openStore: () => Promise<AnswerStore | null>,
  ) {}

  /** @param teacherHash of everything that decides what it says; null where its answers cannot outlive it. */
  async about(
    teacher: Teacher,
    teacherHash: string | null,
    summary: DatasetSummary,
    config: Config,
  ): Promise<PlainEmbeddings> {
    const isLasting = teacherHash !== null;
    const key = answersKey(teacherHash ?? "", summary, config);
    const before = this.inMemory.get(key);
    if (before !== undefined) {
      this.inMemory.delete(key);
      this.inMemory.set(key, before);
      return before.answers;
    }
    const isBundled = teacher.card.source === "bundled";
    const stored = isLasting ? await this.find(key, isBundled, summary) : null;
    const answers = new PlainEmbeddings(teacher, summary.count, config.teacherInputSize, stored);
    this.inMemory.set(key, { answers, savedCount: answers.knownCount, isLasting });
    const [oldest] = this.inMemory.keys();
    if (this.inMemory.size > mostInMemory && oldest !== undefined) this.inMemory.delete(oldest);
    return answers;
  }

  /** What is known of the bundled teacher without asking it, or even loading it; null where that is nothing. */
  async ofBundled(
    teacherHash: string,
    summary: DatasetSummary,
    config: Config,
  ): Promise<StoredAnswers | null> {
    const key = answersKey(teacherHash, summary, config);
    return this.inMemory.get(key)?.answers.stored() ?? (await this.find(key, true, summary));
  }

  /** What it says of stored views; for the visit only, in memory. */
  aboutViews(teacher: Teacher, { fingerprint, count }: DatasetSummary, config: Config): PlainEmbeddings {
    const { splitSeed, cachedViews, imageSize, teacherInputSize } = config;
    const drawn = settingNames.filter((name) => settings[name].group === "augmentation");
    const key = JSON.stringify([
      fingerprint,
      [splitSeed, cachedViews, imageSize, teacherInputSize],
      drawn.map((name) => config[name]),
    ]);
    if (this.ofViews?.key !== key)
      this.ofViews = { key, answers: new PlainEmbeddings(teacher, count * cachedViews, teacherInputSize) };
    return this.ofViews.answers;
  }

  /** Puts what is new on the visitor's machine, where it can be kept. */
  async keep(): Promise<void> {
    for (const [key, entry] of this.inMemory) {
      const { answers } = entry;
      if (!entry.isLasting || answers.knownCount === entry.savedCount) continue;
      const all = answers.stored();
      if (all === null) continue;
      entry.savedCount = answers.knownCount;
      await (await this.opened())?.write(key, writeAnswers(key, all));
    }
  }

  /** To be called when another teacher takes over: a teacher that is gone cannot be asked. */
  forget(): void {
    this.inMemory.clear();
    this.ofViews = null;
  }

  private async find(
    key: string,
    isBundled: boolean,
    summary: DatasetSummary,
  ): Promise<StoredAnswers | null> {
    const sources = [
      ...(isBundled && summary.kind === "demo" ? [this.readShipped] : []),
      async () => (await this.opened())?.read(key) ?? null,
    ];
    for (const read of sources) {
      try {
        const bytes = await read();
        const found = bytes === null ? null : readAnswers(key, bytes);
        if (found?.known.length === summary.count) return found;
      } catch {
        // Cut off, or of another version: the teacher can be asked again.
      }
    }
    return null;
  }

  private opened(): Promise<AnswerStore | null> {
    return (this.store ??= this.openStore());
  }
}
