import type { Engine } from "../../../contract/protocol.ts";
import bundledTeacherUrl from "../../teacher/bundledTeacher/teacher.safetensors?url";
import { browserLoader } from "../browserLoader.ts";
import { createEngine } from "../engine.ts";
import type { EngineSurroundings } from "../surroundings.ts";

/** The engine in the test's own thread, in a browser: real backends, the bundled teacher, nothing kept between visits. */
export function createTestEngine(more: Partial<EngineSurroundings> = {}): Engine {
  return createEngine({
    loader: browserLoader,
    readBundledTeacher: async () => new Uint8Array(await (await fetch(bundledTeacherUrl)).arrayBuffer()),
    ...more,
  });
}
