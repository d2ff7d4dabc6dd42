import type { Config } from "../../contract/config.ts";
import { methods } from "../../contract/methods.ts";
import type { ViewSource } from "../augment/viewSource.ts";
import type { Progress } from "../../lib/slices.ts";
import type { Teacher } from "../teachers/teacher.ts";
import { fillBags } from "./fillBags.ts";
import { fillQueue } from "./fillQueue.ts";
import type { Method } from "./method.ts";

/** What a method may learn from before its first step. */
export interface PreparationSources {
  /** As `createMethod` got it. */
  readonly teacher: Teacher | null;
  readonly source: ViewSource;
  /** [N] indices of the training images. */
  readonly train: Int32Array;
  readonly config: Config;
}

/** How a preparation, which may take long, tells how far it is and is called off. */
export interface PreparationWatch {
  readonly report: (progress: Progress) => void;
  /** Asked now and then; once true it stays true, and what is not done yet is left out. */
  readonly cancelled: () => boolean;
}

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
