import { invariant } from "../../lib/invariant.ts";
import { normalizeRows } from "../tensors/unitRows.ts";
import * as tf from "../tfjs/tf.ts";
import type { Embedded, Teacher, TeacherBatchNorm } from "./teacher.ts";

/** A PCA of unit embeddings: y = (x/‖x‖ − mean) · components. */
export interface Projection {
  /** [D] */
  readonly mean: Float32Array;
  /** [D, d], columns orthonormal, row-major. */
  readonly components: Float32Array;
  readonly dim: number;
}

/**
 * A teacher seen through a projection of its embedding, so that a student of another output width can be matched
 * with it. The features are the teacher's own. Does not own the teacher.
 */
export class ProjectedTeacher implements Teacher {
  readonly supportsTrainBatchNorm: boolean;
  private readonly mean: tf.Tensor1D;
  private readonly components: tf.Tensor2D;

  constructor(
    readonly inner: Teacher,
    readonly projection: Projection,
  ) {
    const { embeddingDim } = inner.card;
    invariant(
      projection.components.length === embeddingDim * projection.dim &&
        projection.mean.length === embeddingDim,
      "the projection was fitted for another teacher",
    );
    this.supportsTrainBatchNorm = inner.supportsTrainBatchNorm;
    this.mean = tf.tensor1d(projection.mean);
    this.components = tf.tensor2d(projection.components, [embeddingDim, projection.dim]);
  }

  /** The same projection of another form of the same teacher. */
  over(inner: Teacher): ProjectedTeacher {
    return new ProjectedTeacher(inner, this.projection);
  }

  get card(): Teacher["card"] {
    return { ...this.inner.card, embeddingDim: this.components.shape[1] };
  }

  get embeds(): Teacher["embeds"] {
    return this.inner.embeds;
  }

  embed(images: tf.Tensor4D, batchNorm: TeacherBatchNorm, inputSize: number): Embedded | Promise<Embedded> {
    const embedded = this.inner.embed(images, batchNorm, inputSize);
    if (!(embedded instanceof Promise)) return this.project(embedded);
    return embedded.then((own) => {
      const projected = this.project(own);
      if (own.embedding !== own.features) own.embedding.dispose();
      return projected;
    });
  }

  /** The inner teacher's embedding, projected. The features stay the same tensor. */
  project({ embedding, features }: Embedded): Embedded {
    const projected: tf.Tensor2D = tf.tidy(() => {
      const centred: tf.Tensor2D = tf.sub(normalizeRows(embedding), this.mean);
      return tf.matMul(centred, this.components);
    });
    return { embedding: projected, features };
  }

  dispose(): void {
    tf.dispose([this.mean, this.components]);
  }
}
