import { methods } from "../../contract/methods.ts";
import { fillBags } from "./fillBags.ts";
import { fillQueue } from "./fillQueue.ts";
import type { Method } from "./method.ts";
import type { PreparationSources, PreparationWatch } from "./preparation.ts";

/** Does what has to be done once before a method's first step. Called off, it leaves the method unfit to step. */
export async function prepareMethod(
  method: Method,
  sources: PreparationSources,
  watch: PreparationWatch,
): Promise<void> {
  const { teacher, config } = sources;
  if (teacher === null) return;
  const keysAreTeachers = config.queueInit === "teacher" && methods[config.method].matchesEmbedding;
  if (keysAreTeachers && method.queue !== undefined) {
    await fillQueue(method.queue, { ...sources, teacher }, watch);
  }
  if (method.bags !== undefined) await fillBags(method.bags, { ...sources, teacher }, watch);
}
