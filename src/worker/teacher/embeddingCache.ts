import { settingNames, settings, type Config } from "../../contract/config.ts";
import type { DatasetSummary } from "../../contract/dataset.ts";
import { PlainEmbeddings, type StoredEmbeddings } from "../../ml/teachers/plainEmbeddings.ts";
import type { Teacher } from "../../ml/teachers/teacher.ts";
import { readEmbeddings, writeEmbeddings } from "./embeddingFile.ts";

/** Bytes kept by key from visit to visit. Nothing depends on it: what is gone is worked out anew. */
export interface EmbeddingStore {
  read(key: string): Promise<Uint8Array<ArrayBuffer> | null>;
  write(key: string, bytes: Uint8Array<ArrayBuffer>): Promise<void>;
}

interface CachedEmbeddings {
  readonly embeddings: PlainEmbeddings;
  /** How many of them the visitor's machine has. */
  savedCount: number;
  /** Whether they may outlive the teacher: not if nothing tells it from another one. */
  readonly isLasting: boolean;
}

/** Sets of embeddings kept in memory: a run's, and those of the runs before it. */
const mostInMemory = 3;

/** Which embeddings: by which teacher, of which images, at what sizes. */
export function embeddingsKey(
  teacherHash: string,
  { fingerprint }: Pick<DatasetSummary, "fingerprint">,
  { imageSize, teacherInputSize }: Pick<Config, "imageSize" | "teacherInputSize">,
): string {
  return ["plain 1", teacherHash, fingerprint, imageSize, teacherInputSize].join(" ");
}

/**
 * The teacher's embeddings of the plain images, computed once for all runs: kept in memory, on the visitor's machine, and
 * for the bundled teacher and the demo set part of the site.
 */
export class EmbeddingCache {
  /** The latest last. */
  private readonly inMemory = new Map<string, CachedEmbeddings>();
  private storedViews: { readonly key: string; readonly embeddings: PlainEmbeddings } | null = null;
  private store: Promise<EmbeddingStore | null> | null = null;

  constructor(
    private readonly readShipped: () => Promise<Uint8Array<ArrayBuffer> | null>,
    private readonly openStore: () => Promise<EmbeddingStore | null>,
  ) {}

  /** @param teacherHash of everything its embeddings depend on; null where they cannot outlive it. */
  async of(
    teacher: Teacher,
    teacherHash: string | null,
    summary: DatasetSummary,
    config: Config,
  ): Promise<PlainEmbeddings> {
    const isLasting = teacherHash !== null;
    const key = embeddingsKey(teacherHash ?? "", summary, config);
    const before = this.inMemory.get(key);
    if (before !== undefined) {
      this.inMemory.delete(key);
      this.inMemory.set(key, before);
      return before.embeddings;
    }
    const isBundled = teacher.card.source === "bundled";
    const stored = isLasting ? await this.find(key, isBundled, summary) : null;
    const embeddings = new PlainEmbeddings(teacher, summary.count, config.teacherInputSize, stored);
    this.inMemory.set(key, { embeddings, savedCount: embeddings.knownCount, isLasting });
    const [oldest] = this.inMemory.keys();
    if (this.inMemory.size > mostInMemory && oldest !== undefined) this.inMemory.delete(oldest);
    return embeddings;
  }

  /** What is known of the bundled teacher's without running or even loading it; null where that is nothing. */
  async ofBundled(
    teacherHash: string,
    summary: DatasetSummary,
    config: Config,
  ): Promise<StoredEmbeddings | null> {
    const key = embeddingsKey(teacherHash, summary, config);
    return this.inMemory.get(key)?.embeddings.stored() ?? (await this.find(key, true, summary));
  }

  /** Those of stored views; for the visit only, in memory. */
  ofStoredViews(teacher: Teacher, { fingerprint, count }: DatasetSummary, config: Config): PlainEmbeddings {
    const { splitSeed, cachedViews, imageSize, teacherInputSize } = config;
    const drawn = settingNames.filter((name) => settings[name].group === "augmentation");
    const key = JSON.stringify([
      fingerprint,
      [splitSeed, cachedViews, imageSize, teacherInputSize],
      drawn.map((name) => config[name]),
    ]);
    if (this.storedViews?.key !== key)
      this.storedViews = {
        key,
        embeddings: new PlainEmbeddings(teacher, count * cachedViews, teacherInputSize),
      };
    return this.storedViews.embeddings;
  }

  /** Puts what is new on the visitor's machine, where it can be kept. */
  async keep(): Promise<void> {
    for (const [key, entry] of this.inMemory) {
      const { embeddings } = entry;
      if (!entry.isLasting || embeddings.knownCount === entry.savedCount) continue;
      const all = embeddings.stored();
      if (all === null) continue;
      entry.savedCount = embeddings.knownCount;
      await (await this.opened())?.write(key, writeEmbeddings(key, all));
    }
  }

  /** To be called when another teacher takes over: one that is gone computes nothing more. */
  forget(): void {
    this.inMemory.clear();
    this.storedViews = null;
  }

  private async find(
    key: string,
    isBundled: boolean,
    summary: DatasetSummary,
  ): Promise<StoredEmbeddings | null> {
    const sources = [
      ...(isBundled && summary.kind === "demo" ? [this.readShipped] : []),
      async () => (await this.opened())?.read(key) ?? null,
    ];
    for (const read of sources) {
      try {
        const bytes = await read();
        const found = bytes === null ? null : readEmbeddings(key, bytes);
        if (found?.known.length === summary.count) return found;
      } catch {
        // Cut off, or of another version: it is computed again.
      }
    }
    return null;
  }

  private opened(): Promise<EmbeddingStore | null> {
    return (this.store ??= this.openStore());
  }
}
