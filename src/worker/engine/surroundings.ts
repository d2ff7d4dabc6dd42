import type { EmbeddingStore } from "../teacher/embeddingCache.ts";
import type { RuntimeLoader } from "./browserLoader.ts";

/** What the engine needs of the place it runs in. */
export interface EngineSurroundings {
  readonly loader: RuntimeLoader;
  /** The bundled teacher's file. */
  readonly readBundledTeacher: () => Promise<Uint8Array<ArrayBuffer>>;
  /** Its embeddings of the demo set (`npm run demo-embeddings`); null where that is not at hand. */
  readonly readDemoEmbeddings?: () => Promise<Uint8Array<ArrayBuffer> | null>;
  /** Where teachers' embeddings are kept from visit to visit; null where they cannot be. */
  readonly openEmbeddingStore?: () => Promise<EmbeddingStore | null>;
}
