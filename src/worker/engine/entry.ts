/** The engine's thread: listens, dispatches, answers. */
import { AppError, toWire } from "../../contract/errors.ts";
import type { FromWorker, Requests, ToWorker } from "../../contract/protocol.ts";
import { buffersIn, serve } from "../../lib/channel.ts";
import bundledTeacherUrl from "../teacher/bundledTeacher/teacher.safetensors?url";
import demoEmbeddingsUrl from "../teacher/bundledTeacher/demoEmbeddings.safetensors?url";
import { openEmbeddingStore } from "../teacher/embeddingStore.ts";
import { openKeptFiles, roomLeft } from "../kept/openKeptFiles.ts";
import { browserLoader } from "./browserLoader.ts";
import { createEngine } from "./engine.ts";

const engine = createEngine({
  loader: browserLoader,
  readBundledTeacher: async () => {
    const response = await fetch(bundledTeacherUrl);
    if (!response.ok) {
      throw new AppError("network-failed", `The bundled teacher could not be read: HTTP ${response.status}`, {
        hint: "Reload the page; if it stays, the installation is incomplete.",
      });
    }
    return new Uint8Array(await response.arrayBuffer());
  },
  readDemoEmbeddings: async () => {
    const response = await fetch(demoEmbeddingsUrl);
    return response.ok ? new Uint8Array(await response.arrayBuffer()) : null;
  },
  openEmbeddingStore,
  openKeptFiles,
  locks: navigator.locks,
  roomLeft,
});

engine.subscribe((event) => {
  post({ event }, event.type === "metrics" ? [event.rows.buffer] : []);
});

serve<Requests>(self, engine.request.bind(engine), { toWire, transfer: buffersIn });

self.addEventListener("message", ({ data: message }: MessageEvent<ToWorker>) => {
  if ("ping" in message) post({ pong: true }, []);
  else if ("hold" in message) holdLock(message.hold);
});

/** The browser lets go of it when this worker ends, whatever ends it: so the page knows. */
function holdLock(name: string): void {
  void navigator.locks.request(name, () => {
    post({ holding: name }, []);
    return new Promise(() => undefined);
  });
}

function post(message: FromWorker, transfer: Transferable[]): void {
  self.postMessage(message, { transfer });
}
