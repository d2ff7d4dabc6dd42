/** The first script of the page: has the engine fetched before the page's own program is there, and beside it. */
import { startEngineEarly } from "../engine/engineWorker.ts";
import { reloadIsolated } from "../offline/isolation.ts";
import { trustOwnScripts } from "./trustOwnScripts.ts";

trustOwnScripts();
if (!(await reloadIsolated())) {
  startEngineEarly();
  void import("./main.tsx");
}
