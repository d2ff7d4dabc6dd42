import { invariant } from "../../lib/invariant.ts";
import { finish, Pace, type Progress, type Sliced } from "../../lib/slices.ts";
import * as tf from "../tfjs/tf.ts";
import { embedWithTeacher } from "./embedWithTeacher.ts";
import type { Embedded, Teacher } from "./teacher.ts";

/** A teacher's embeddings of a set of images, [count, dim] row-major; features may be the embedding itself. */
export interface StoredEmbeddings {
  /** [count] 1 where the embedding has been computed; the other rows are zeros. */
  readonly known: Uint8Array;
  readonly embedding: StoredRows;
  readonly features: StoredRows;
}

export interface StoredRows {
  readonly values: Float32Array<ArrayBuffer>;
  readonly dim: number;
}

/** Some of the images → [N, V, V, 3] in [0, 1]. */
export type Render = (indices: Int32Array) => tf.Tensor4D;

const task = "Showing the images to the teacher";

/**
 * A teacher's embeddings of the images of a set, each seen whole and without augmentation: one an image, computed
 * when it is first wanted, in slices, and kept in the host's memory (4 bytes a number), where it outlives runs and
 * costs no tensors. The targets of distillation on plain images, and what a teacher is measured by. (Stored views are images
 * of such a set, too.)
 */
export class PlainEmbeddings {
  private readonly known: Uint8Array;
  /** Null until some are computed and the sizes are known. */
  private kept: { readonly embedding: Rows; readonly features: Rows } | null = null;
  private readonly pace = new Pace();

  /** @param stored what was computed at another time. */
  constructor(
    private readonly teacher: Teacher,
    private readonly count: number,
    private readonly inputSize: number,
    stored: StoredEmbeddings | null = null,
  ) {
    this.known = stored?.known ?? new Uint8Array(count);
    if (stored === null) return;
    const { embedding, features } = stored;
    invariant(embedding.values.length === count * embedding.dim, "stored embeddings of this many images");
    const rows = new Rows(embedding);
    this.kept = { embedding: rows, features: features === embedding ? rows : new Rows(features) };
  }

  /** Of how many images the embeddings are computed. */
  get knownCount(): number {
    return this.known.reduce((sum, known) => sum + known, 0);
  }

  /** Whether those of all these are computed. */
  knows(indices: Int32Array): boolean {
    return indices.every((index) => this.known[index] === 1);
  }

  /** To be written at once, since it goes on changing; null while nothing is known. */
  stored(): StoredEmbeddings | null {
    return this.kept === null ? null : { ...this.kept, known: this.known };
  }

  /** Computes those of the images that are new. */
  async *compute(indices: Int32Array, render: Render): Sliced<void> {
    const fresh = Int32Array.from(new Set(indices.filter((index) => this.known[index] === 0)));
    const total = fresh.length;
    for (let first = 0; first < total;) {
      const count = this.pace.begin(total - first);
      await this.computeSome(fresh.subarray(first, first + count), render);
      this.pace.end(count);
      first += count;
      yield { task, done: first, total };
    }
  }

  /** Of some images, at least one; the caller disposes of both. Sync point while there are new ones among them. */
  async rows(indices: Int32Array, render: Render, report?: (progress: Progress) => void): Promise<Embedded> {
    await finish(this.compute(indices, render), report);
    return this.read(indices);
  }

  /** Of images that are known; the caller disposes of both. */
  read(indices: Int32Array): Embedded {
    invariant(this.kept !== null, "no embeddings were computed");
    const { embedding, features } = this.kept;
    const rows = embedding.read(indices);
    return { embedding: rows, features: features === embedding ? rows : features.read(indices) };
  }

  private async computeSome(indices: Int32Array, render: Render): Promise<void> {
    const views = render(indices);
    const { embedding, features } = await embedWithTeacher(this.teacher, views, this.inputSize);
    views.dispose();
    this.kept ??= this.empty(embedding, features);
    await this.kept.embedding.write(indices, embedding);
    if (features !== embedding) await this.kept.features.write(indices, features);
    tf.dispose([embedding, features]);
    for (const index of indices) this.known[index] = 1;
  }

  /** Features have rows of their own unless they are the embedding. */
  private empty(embedding: tf.Tensor2D, features: tf.Tensor2D): { embedding: Rows; features: Rows } {
    const rows = this.emptyRows(embedding.shape[1]);
    return {
      embedding: rows,
      features: features === embedding ? rows : this.emptyRows(features.shape[1]),
    };
  }

  private emptyRows(dim: number): Rows {
    return new Rows({ values: new Float32Array(this.count * dim), dim });
  }
}

class Rows implements StoredRows {
  readonly values: Float32Array<ArrayBuffer>;
  readonly dim: number;

  constructor({ values, dim }: StoredRows) {
    this.values = values;
    this.dim = dim;
  }

  /** Sync point. */
  async write(indices: Int32Array, rows: tf.Tensor2D): Promise<void> {
    const { values, dim } = this;
    const computed = await rows.data<"float32">();
    indices.forEach((index, row) => values.set(computed.subarray(row * dim, (row + 1) * dim), index * dim));
  }

  read(indices: Int32Array): tf.Tensor2D {
    const { values, dim } = this;
    const some = new Float32Array(indices.length * dim);
    indices.forEach((index, row) => some.set(values.subarray(index * dim, (index + 1) * dim), row * dim));
    return tf.tensor2d(some, [indices.length, dim]);
  }
}
