/** Looks at files that may become the teacher, away from page and engine: one question, after which it is ended. */
import { toWire } from "../../contract/errors.ts";
import type { FromInspector, ToInspector } from "../../contract/protocol.ts";
import { givenFiles } from "./givenFiles.ts";
import { inspectTeacher } from "./inspectTeacher.ts";

self.onmessage = ({ data }: MessageEvent<ToInspector>) => {
  inspectTeacher(givenFiles(data.files)).then(
    (inspection) => post({ ok: true, inspection }),
    (error: unknown) => post({ ok: false, error: toWire(error) }),
  );
};

function post(message: FromInspector): void {
  self.postMessage(message);
}
