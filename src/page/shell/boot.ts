/** The first script of the page: has the engine fetched before the page's own program is there, and beside it. */
import { startEngineEarly } from "../engine/engineWorker.ts";
import { trustOwnScripts } from "./trustOwnScripts.ts";

trustOwnScripts();
startEngineEarly();
void import("./main.tsx");
