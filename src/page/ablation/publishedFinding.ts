import type { AblationAxis } from "../../contract/ablationDesign.ts";

/** What papers found varying the same thing. All of it on ImageNet: it is to be read beside the figure, not into it. */
interface PublishedFinding {
  readonly text: string;
  readonly source: string;
}

const findings: Partial<Record<AblationAxis, PublishedFinding>> = {
  hiddenWidth: {
    text: "A student whose head is as narrow as its own backbone (512 for ResNet-18, 1280 for EfficientNet and MobileNetV3) cannot take in the teacher's embedding, the Distilling BottleNeck; as wide as the teacher's, 2048, it can.",
    source: "Gao et al., arXiv 2104.09124",
  },
  nestedDim: {
    text: "Supervised ResNet-50: the first 8 of 2048 nested dimensions find the class by 1-NN as well as an embedding of 8 trained on its own (62 % to 59 %, read off a figure), and far better than the first 8 of a PCA.",
    source: "Kusupati et al., arXiv 2205.13147",
  },
  student: {
    text: "With a ResNet-50 of 67.4 % as teacher DisCo brings ResNet-18 to 60.6 %, ResNet-34 to 62.5 % and EfficientNet-B0 to 66.5 %; without a teacher (MoCo-v2) they reach 52.2 %, 56.8 % and 46.8 %. Linear evaluation.",
    source: "Gao et al., arXiv 2104.09124",
  },
  method: {
    text: "ResNet-18, with a ResNet-50 of 67.4 % as teacher: MoCo-v2 without it 52.5 %, SEED 57.6 %, DisCo 60.6 %, BINGO 61.4 %. Linear evaluation.",
    source: "Xu et al., arXiv 2107.01691",
  },
};

/** @returns null where no figures are known for the axis. */
function publishedFinding(axis: AblationAxis): PublishedFinding | null {
  return findings[axis] ?? null;
}

/** In a sentence, with what it was measured on and where it stands. */
export function describePublished(axis: AblationAxis): string {
  const finding = publishedFinding(axis);
  if (finding === null) return "No published figures for this are known here.";
  return `Published, on ImageNet: ${finding.text} (${finding.source})`;
}
