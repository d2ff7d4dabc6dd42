import type { Config } from "../../contract/config.ts";
import { methods } from "../../contract/methods.ts";
import type { Station } from "../stores/stationStore.ts";

/** The parts of the diagram that can be asked about. */
export type Part = "data" | "views" | "student" | "meanStudent" | "teacher" | "embeddings" | "losses";

export interface PartFacts {
  readonly title: string;
  /** Whose settings a click opens. */
  readonly station: Station;
  readonly sentence: (config: Config) => string;
  /** As in the paper; empty where there is none. */
  readonly equation: (config: Config) => string;
  readonly citation: (config: Config) => string;
}

const discoCitation = "DisCo, arXiv 2104.09124";
const none = (): string => "";

/** What each part of the method does, for someone who meets it for the first time. */
export const parts: Readonly<Record<Part, PartFacts>> = {
  data: {
    title: "Data",
    station: "data",
    sentence: ({ batchSize }) =>
      `Pictures without labels: ${batchSize} of them make a step. Labels, where there are some, are only used to measure.`,
    equation: none,
    citation: none,
  },
  views: {
    title: "Views",
    station: "views",
    sentence: () =>
      "Two random crops of the picture, with colours and sharpness changed. What both have in common is what the picture shows, and that is what is to be learnt.",
    equation: () => "x → x₁, x₂",
    citation: () => "MoCo v2, arXiv 2003.04297",
  },
  student: {
    title: "Student",
    station: "student",
    sentence: () =>
      "The small network that learns, and that you take away in the end. It turns a view into an embedding: a list of numbers, taken as a direction.",
    equation: () => "s = f(x) / ‖f(x)‖",
    citation: () => discoCitation,
  },
  meanStudent: {
    title: "Mean student and queue",
    station: "student",
    sentence: ({ emaMomentum, queueSize }) =>
      `A slow average of the student, so that its embeddings stay comparable: after each step it moves ${percent(1 - emaMomentum)} of the way to it. Its embeddings of the ${queueSize} latest pictures wait in the queue, as examples of what this picture is not.`,
    equation: ({ emaMomentum }) => `θ̄ ← ${emaMomentum} θ̄ + ${round(1 - emaMomentum)} θ`,
    citation: () => "Momentum contrast, arXiv 1911.05722",
  },
  teacher: {
    title: "Teacher",
    station: "teacher",
    sentence: ({ method, teacher }) =>
      !methods[method].usesTeacher || teacher === "none"
        ? "This method learns without a teacher: no network shows the student where to put a picture."
        : "A larger network that was trained before, and stays as it is. Where it puts a picture, the student is to put it too.",
    equation: () => "t = g(x) / ‖g(x)‖",
    citation: () => discoCitation,
  },
  embeddings: {
    title: "Embeddings",
    station: "objective",
    sentence: () =>
      "How far the student's direction (●) is from the teacher's (◆), on average over the batch: a quarter turn means unrelated, no angle means equal.",
    equation: () => "cos(s, t) = Σ sᵢ tᵢ",
    citation: () => discoCitation,
  },
  losses: {
    title: "Losses",
    station: "objective",
    sentence: ({ method }) =>
      method === "disco"
        ? "Distillation pulls each embedding to the teacher's. Contrast pulls the two views together and away from the queue; it rises at first, because the queue's random keys give way to real ones."
        : methods[method].summary,
    equation: ({ method, distillWeight, contrastiveWeight, temperature }) =>
      method === "disco"
        ? `L = ${contrastiveWeight} · InfoNCE(τ = ${temperature}) + ${distillWeight} · mean ‖s − t‖²`
        : "",
    citation: ({ method }) => methods[method].citation,
  },
};

function percent(share: number): string {
  return `${round(share * 100)} %`;
}

function round(value: number): number {
  return Number(value.toPrecision(3));
}
