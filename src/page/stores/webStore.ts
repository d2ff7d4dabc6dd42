import { createStore } from "zustand/vanilla";
import type { CachedFile, DownloadProgress, RemoteFile } from "../../contract/download.ts";
import type { ErrorWire } from "../../contract/errors.ts";
import type { TeacherRecipe } from "../../contract/teacher.ts";
import type { WebOrigin } from "../../contract/webOrigin.ts";

/** What is downloaded for what. */
export type WebUse = "teacher" | "data";

/** What the visitor asked for. */
export interface Wanted extends WebOrigin {
  readonly keep: boolean;
  readonly recipe?: TeacherRecipe | undefined;
}

/** How far one download is, from the question to the files. */
export type Transfer =
  | { readonly phase: "idle" }
  | { readonly phase: "asking"; readonly wanted: Wanted }
  /** Shown with host and size; the visitor decides. */
  | { readonly phase: "asked"; readonly wanted: Wanted; readonly remote: RemoteFile }
  | {
      readonly phase: "loading";
      readonly wanted: Wanted;
      readonly remote: RemoteFile;
      /** Of the file that is on its way: "group1-shard2of4". */
      readonly name: string;
      readonly progress: DownloadProgress | null;
    }
  | {
      readonly phase: "failed";
      readonly wanted: Wanted;
      readonly error: ErrorWire;
      /** Null when it was not even found. */
      readonly remote: RemoteFile | null;
    }
  | { readonly phase: "done"; readonly wanted: Wanted; readonly facts: readonly string[] };

interface WebState {
  readonly transfers: Readonly<Record<WebUse, Transfer>>;
  /** Files on this machine; null until somebody has looked. */
  readonly kept: readonly CachedFile[] | null;
}

export const webStore = createStore<WebState>(() => ({
  transfers: { teacher: { phase: "idle" }, data: { phase: "idle" } },
  kept: null,
}));

export function setTransfer(use: WebUse, transfer: Transfer): void {
  webStore.setState(({ transfers }) => ({ transfers: { ...transfers, [use]: transfer } }));
}
