/** What a newcomer should know of each objective, and what it needs. */
export interface MethodFacts {
  readonly label: string;
  readonly citation: string;
  /** One line. */
  readonly summary: string;
  readonly usesTeacher: boolean;
  /** The views of a batch that its teacher embeds at a step, and of a bag's members where it has bags. */
  readonly teacherSees: readonly ("first" | "second")[];
  /** Student and teacher must embed into the same dimension; a PCA of the teacher's makes them, if need be. */
  readonly matchesEmbedding: boolean;
  /** Those of `methodSettings` that make a difference. */
  readonly uses: readonly MethodSetting[];
}

/** Settings that some methods use and others do not; every other setting is for all. */
export const methodSettings = [
  "distillWeight",
  "contrastiveWeight",
  "nested",
  "temperature",
  "teacherTemperature",
  "queueSize",
  "queueInit",
  "emaMomentum",
  "hiddenWidth",
  "embeddingDim",
] as const;
type MethodSetting = (typeof methodSettings)[number];

export const methods = {
  disco: {
    label: "DisCo",
    citation: "Gao et al., ECCV 2022, arXiv 2104.09124",
    summary: "Contrastive learning, and embed each view where the teacher does.",
    usesTeacher: true,
    teacherSees: ["first", "second"],
    matchesEmbedding: true,
    uses: [
      "distillWeight",
      "contrastiveWeight",
      "nested",
      "temperature",
      "queueSize",
      "queueInit",
      "emaMomentum",
      "hiddenWidth",
      "embeddingDim",
    ],
  },
  mocov2: {
    label: "MoCo-v2 (no teacher)",
    citation: "Chen et al., arXiv 2003.04297",
    summary: "Recognise another view of the same image among a queue of others.",
    usesTeacher: false,
    teacherSees: [],
    matchesEmbedding: false,
    uses: [
      "contrastiveWeight",
      "nested",
      "temperature",
      "queueSize",
      "emaMomentum",
      "hiddenWidth",
      "embeddingDim",
    ],
  },
  simclr: {
    label: "SimCLR (no teacher)",
    citation: "Chen et al., arXiv 2002.05709",
    summary: "As MoCo, with the batch's other images in place of a queue; wants large batches and τ 0.5.",
    usesTeacher: false,
    teacherSees: [],
    matchesEmbedding: false,
    uses: ["temperature", "hiddenWidth", "embeddingDim"],
  },
  distillOnly: {
    label: "Distillation only",
    citation: "DisCo's second term alone, arXiv 2104.09124",
    summary: "Embed each view where the teacher does, and nothing else.",
    usesTeacher: true,
    teacherSees: ["first", "second"],
    matchesEmbedding: true,
    uses: ["distillWeight", "hiddenWidth", "embeddingDim"],
  },
  seed: {
    label: "SEED",
    citation: "Fang et al., ICLR 2021, arXiv 2101.04731",
    summary: "Find an image as similar to a queue of the teacher's embeddings as the teacher does.",
    usesTeacher: true,
    teacherSees: ["first"],
    matchesEmbedding: true,
    uses: ["temperature", "teacherTemperature", "queueSize", "queueInit", "hiddenWidth", "embeddingDim"],
  },
  compress: {
    label: "CompRess",
    citation: "Koohpayegani et al., NeurIPS 2020",
    summary: "Rank past images by backbone features as the teacher ranks them; published τ 0.04.",
    usesTeacher: true,
    teacherSees: ["first"],
    matchesEmbedding: false,
    uses: ["temperature", "queueSize"],
  },
  simReg: {
    label: "SimReg",
    citation: "Navaneet et al., BMVC 2021",
    summary: "Regress the teacher's features through a head of four layers.",
    usesTeacher: true,
    teacherSees: ["first"],
    matchesEmbedding: false,
    uses: [],
  },
  rkd: {
    label: "RKD",
    citation: "Park et al., CVPR 2019",
    summary: "Keep the distances and angles between a batch's images.",
    usesTeacher: true,
    teacherSees: ["first"],
    matchesEmbedding: false,
    uses: ["hiddenWidth", "embeddingDim"],
  },
  coss: {
    label: "CoSS",
    citation: "Singh et al., ECCV 2024",
    summary: "Cosine with the teacher along images and along dimensions of the batch.",
    usesTeacher: true,
    teacherSees: ["first"],
    matchesEmbedding: true,
    uses: ["hiddenWidth", "embeddingDim"],
  },
  doGo: {
    label: "DoGo",
    citation: "Bhat et al., CVPRW 2021, arXiv 2104.09866",
    summary:
      "SimCLR, and see the likenesses within the batch as the teacher does; published w 100 and τ 0.5 at a batch of 256.",
    usesTeacher: true,
    teacherSees: ["first", "second"],
    matchesEmbedding: false,
    uses: ["distillWeight", "contrastiveWeight", "temperature", "hiddenWidth", "embeddingDim"],
  },
  bingo: {
    label: "BINGO",
    citation: "Xu et al., ICLR 2022, arXiv 2107.01691",
    summary:
      "Find an image, and one the teacher thinks alike, by the teacher's embedding of either among a queue of others.",
    usesTeacher: true,
    teacherSees: ["second"],
    matchesEmbedding: true,
    uses: ["temperature", "queueSize", "queueInit", "hiddenWidth", "embeddingDim"],
  },
} as const satisfies Record<string, MethodFacts>;

export type MethodName = keyof typeof methods;
export const methodNames = Object.keys(methods) as readonly MethodName[];

/** Whether a setting makes a difference for a method. */
export function methodUses(method: MethodName, setting: string): boolean {
  const uses: readonly string[] = methods[method].uses;
  const some: readonly string[] = methodSettings;
  return uses.includes(setting) || !some.includes(setting);
}
