import type { Engine } from "../../contract/protocol.ts";
import { showCurrentRun, shownRunStore } from "../stores/shownRunStore.ts";

/** Back from an earlier run that was opened to the current one. */
export async function closeRun(engine: Engine): Promise<void> {
  const { hasStudent } = shownRunStore.getState();
  showCurrentRun();
  if (hasStudent) await engine.request("lookThrough", { student: null });
}
