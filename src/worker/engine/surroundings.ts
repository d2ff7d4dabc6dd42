import type { FileStore } from "../kept/fileStore.ts";
import type { RoomLeft } from "../kept/keptInputs.ts";
import type { Locks } from "../kept/runLock.ts";
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
  /** Where runs are kept; for the visit only where not given. */
  readonly openKeptFiles?: () => Promise<FileStore>;
  /** By which tabs know of each other's runs. */
  readonly locks?: Locks;
  /** Bytes that may still be written; unbounded where not given. */
  readonly roomLeft?: RoomLeft;
}
