import { createStore } from "zustand/vanilla";

interface KeptStudent {
  readonly name: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

interface KeptStudents {
  /** By run, oldest first. */
  readonly files: ReadonlyMap<string, KeptStudent>;
  /** Whether the newest has been downloaded, or there is none. */
  readonly isSaved: boolean;
}

export const keptStudents = createStore<KeptStudents>(() => ({ files: new Map(), isSaved: true }));
