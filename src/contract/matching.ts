import type { Config } from "./config.ts";
import { methods } from "./methods.ts";
import type { TeacherCard } from "./teacher.ts";

/** MoCo-v2's embedding width, used when no teacher says otherwise. */
const defaultEmbeddingDim = 128;

/** The width student and teacher are to share: the configured one, else the teacher's, else MoCo-v2's. */
export function sharedEmbeddingDim(config: Config, card: TeacherCard | null): number {
  if (config.embeddingDim !== 0) return config.embeddingDim;
  return card?.embeddingDim ?? defaultEmbeddingDim;
}

/**
 * What the student's output is matched with, for a person; "" where nothing is (no teacher, or a method that compares
 * something else).
 */
export function describeMatching(config: Config, card: TeacherCard | null): string {
  const { usesTeacher, matchesEmbedding } = methods[config.method];
  if (!usesTeacher || !matchesEmbedding || card === null) return "";
  const dim = sharedEmbeddingDim(config, card);
  const { embeddingDim, head } = card;
  const isHeadless = head.startsWith("none");
  const what = isHeadless ? "features" : "embedding";
  const views = config.teacherViews === "plain" ? "the plain images" : "views of the images";
  return [
    ...(isHeadless ? ["The teacher has no projection head: its pooled features are what is matched."] : []),
    dim === embeddingDim
      ? `The student's output follows the teacher: ${dim} dimensions, matched with its ${what} directly.`
      : `A PCA of the teacher's ${embeddingDim}-dimensional ${what}, fitted on ${views}, gives the ${dim} dimensions asked for; the student's output is matched with those.`,
  ].join(" ");
}
