import { invariant } from "../../lib/invariant.ts";
import type { Prng } from "../../lib/prng.ts";
import { cutMix, drawCutBox, keptShare } from "../augment/cutMix.ts";
import { bingo } from "../losses/bingo.ts";
import type { KeyQueue } from "../losses/queue.ts";
import { rowDots } from "../tensors/rowDots.ts";
import * as tf from "../tfjs/tf.ts";
import type { Bags } from "./bags.ts";
import type { FrozenTeacher } from "./frozenTeacher.ts";
import type { Method, StepSettings, Views } from "./method.ts";
import type { StudentTrainer } from "./studentTrainer.ts";

/**
 * BINGO (Xu et al., ICLR 2022, arXiv 2107.01691): the teacher bags images that it finds alike, and the student learns
 * to put an image, another from its bag, and both cut into one where the teacher puts either of the two.
 *
 *     a = s(v₁)   b = s(n₁)   m = s(cut(v₁, n₁))   A = t(v₂)   B = t(n₂)        all rows divided by their length
 *
 * v an image, n a random member of its bag. The loss is in `losses/bingo.ts`; the queue holds A of past batches.
 * The authors' order: s(v₁), s(n₁), s(cut) → t(v₂), t(n₂) → loss → A enters the queue → SGD. Here the passes of t
 * come first, which keeps them off the tape and changes no number. Their first 11 of 200 epochs leave the
 * inter-sample terms out; ours never do.
 */
export class Bingo implements Method {
  /** An image, a member of its bag, and both cut into one. */
  readonly studentViews = 3;
  readonly prngs: { readonly cuts: Prng };

  /** Takes over `trainer` and `queue`; `cuts` draws where views are cut. */
  constructor(
    readonly trainer: StudentTrainer,
    private readonly teacher: FrozenTeacher,
    readonly queue: KeyQueue,
    readonly bags: Bags,
    cuts: Prng,
  ) {
    this.prngs = { cuts };
  }

  step(views: Views, settings: StepSettings): tf.Tensor1D {
    const { trainer, teacher, queue } = this;
    const { companions } = views;
    invariant(companions !== undefined, "BINGO needs views of bag members");
    const viewSize = views.first.shape[1];
    const box = drawCutBox(this.prngs.cuts, viewSize);
    const { temperature } = settings;
    return tf.tidy(() => {
      const [anchor, member] = [trainer.prepare(views.first), trainer.prepare(companions.first)];
      const mixture = cutMix(anchor, member, box);
      const keys = {
        anchor: teacher.embed(views.second, views.targets),
        member: teacher.embed(companions.second, views.targets),
      };

      const scalars = trainer.update(settings.learningRate, () => {
        const [q, memberQ, mixtureQ] = trainer.embedViews([anchor, member, mixture]);
        const student = { anchor: q, member: memberQ, mixture: mixtureQ };
        const anchorShare = keptShare(box, viewSize);
        const distillation = bingo(student, keys, queue.keys(), { anchorShare, temperature });
        return { loss: distillation, distillation, cosine: tf.mean(rowDots(student.anchor, keys.anchor)) };
      });
      queue.enqueue(keys.anchor);
      return scalars;
    });
  }

  dispose(): void {
    this.trainer.dispose();
    this.queue.dispose();
  }
}
