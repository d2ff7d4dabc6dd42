/** The engine's thread: listens, dispatches, answers. */
import { AppError, toWire } from "../../contract/errors.ts";
import type { FromWorker, ToWorker } from "../../contract/protocol.ts";
import bundledTeacherUrl from "../teacher/bundledTeacher/teacher.safetensors?url";
import demoAnswersUrl from "../teacher/bundledTeacher/demoAnswers.safetensors?url";
import { openAnswerStore } from "../teacher/answerStore.ts";
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
  readDemoAnswers: async () => {
    const response = await fetch(demoAnswersUrl);
    return response.ok ? new Uint8Array(await response.arrayBuffer()) : null;
  },
  openAnswerStore,
});

engine.subscribe((event) => {
  post({ event }, event.type === "metrics" ? [event.rows.buffer] : []);
});

self.onmessage = (message: MessageEvent<ToWorker>) => {
  const { data } = message;
  if ("ping" in data) {
    post({ pong: true }, []);
    return;
  }
  if ("hold" in data) {
    holdLock(data.hold);
    return;
  }
  const { id, name, input } = data;
  engine.request(name, input as never).then(
    (output) => post({ id, ok: true, output }, buffersOf(output)),
    (error: unknown) => post({ id, ok: false, error: toWire(error) }, []),
  );
};

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

/** Pixels and files are moved to the page, not copied. */
function buffersOf(output: unknown): Transferable[] {
  if (output === null || typeof output !== "object") return [];
  const values = Object.values(output).flatMap((value: unknown): unknown[] =>
    Array.isArray(value) ? value : [value],
  );
  return values.flatMap((value) => (ArrayBuffer.isView(value) ? [value.buffer as ArrayBuffer] : []));
}
