import type { AnswerStore } from "../teacher/teacherAnswers.ts";
import type { RuntimeLoader } from "./browserLoader.ts";

/** What the engine needs of the place it runs in. */
export interface EngineSurroundings {
  readonly loader: RuntimeLoader;
  /** The bundled teacher's file. */
  readonly readBundledTeacher: () => Promise<Uint8Array<ArrayBuffer>>;
  /** What it says of the demo set (`npm run demo-answers`); null where that is not at hand. */
  readonly readDemoAnswers?: () => Promise<Uint8Array<ArrayBuffer> | null>;
  /** Where teachers' answers are kept from visit to visit; null where they cannot be. */
  readonly openAnswerStore?: () => Promise<AnswerStore | null>;
}
