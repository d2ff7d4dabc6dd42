import type { Config } from "../../contract/config.ts";
import type { Progress } from "../../lib/slices.ts";
import type { ViewSource } from "../augment/viewSource.ts";
import type { Teacher } from "../teachers/teacher.ts";

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
