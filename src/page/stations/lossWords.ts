import type { Config } from "../../contract/config.ts";
import type { MethodName } from "../../contract/methods.ts";

/** A term of an objective: what it asks for, as an equation and in words. */
export interface LossWords {
  readonly title: string;
  /** Empty where words say it better. */
  readonly equation: string;
  readonly words: string;
  readonly citation: string;
}

const distance: LossWords = {
  title: "Distillation",
  equation: "L = w · mean ‖student − teacher‖²",
  words:
    "Put each view where the teacher puts it: the squared distance between the student's embedding and the teacher's. Over both views 0 is the same direction, 4 is unrelated.",
  citation: "Gao et al., ECCV 2022, arXiv 2104.09124",
};
const infoNce: LossWords = {
  title: "Contrast (InfoNCE)",
  equation: "L = λ · mean −log( e^(q·k/τ) ÷ (e^(q·k/τ) + Σ e^(q·nᵢ/τ)) )",
  words:
    "Find the other view of the same picture (k) among keys of other pictures (n), which wait in the queue. Its loss rises at first, while random keys give way to real ones.",
  citation: "He et al., arXiv 1911.05722; MoCo-v2: Chen et al., arXiv 2003.04297",
};
const ntXent: LossWords = {
  title: "Contrast (NT-Xent)",
  equation: "L = mean −log( e^(z·z₊/τ) ÷ Σ e^(z·zⱼ/τ) )",
  words: "Find the other view of the same picture among all other views of the batch.",
  citation: "Chen et al., arXiv 2002.05709",
};
const only = (title: string, words: string, citation: string): readonly LossWords[] => [
  { title, equation: "", words, citation },
];

const losses: Readonly<Record<MethodName, readonly LossWords[]>> = {
  disco: [distance, infoNce],
  mocov2: [infoNce],
  simclr: [ntXent],
  distillOnly: [distance],
  seed: only(
    "Similarity to the queue",
    "Of every picture in a queue of the teacher's embeddings, the student should say how similar it is as the teacher does: cross-entropy between the two softmaxes.",
    "Fang et al., ICLR 2021, arXiv 2101.04731",
  ),
  compress: only(
    "Ranking",
    "Rank past pictures by similarity as the teacher ranks them: the divergence between the two softmaxes over a memory of each network's own.",
    "Koohpayegani et al., NeurIPS 2020",
  ),
  simReg: only(
    "Regression",
    "Predict the teacher's features through a head of four layers: 2 − 2 cos between prediction and feature.",
    "Navaneet et al., BMVC 2021",
  ),
  rkd: only(
    "Distances and angles",
    "Keep the distances between a batch's pictures, in units of their mean, and the angles of its triangles, as the teacher has them.",
    "Park et al., CVPR 2019",
  ),
  coss: only(
    "Cosine along both axes",
    "The cosine with the teacher's embeddings along each picture, and along each dimension over the batch.",
    "Singh et al., ECCV 2024",
  ),
  doGo: [
    ...only(
      "Guidance",
      "See the likenesses between a batch's two views as the teacher does: the divergence between the two softmaxes, times w.",
      "Bhat et al., CVPRW 2021, arXiv 2104.09866",
    ),
    ntXent,
  ],
  bingo: only(
    "Bags",
    "Find a picture, and one that the teacher thinks alike, by the teacher's embedding of either among a queue of others.",
    "Xu et al., ICLR 2022, arXiv 2107.01691",
  ),
};

/** The terms of the method that is chosen. */
export function lossesOf({ method }: Config): readonly LossWords[] {
  return losses[method];
}
