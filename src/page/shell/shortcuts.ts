import type { Engine } from "../../contract/protocol.ts";
import { stepRun, toggleRun } from "../commands/startRun.ts";
import { ablationIsGoing } from "../stores/ablationStore.ts";

/** Space starts, pauses and goes on; → takes one step. Not while a control has the keyboard. @returns an undo. */
export function listenToKeys(engine: Engine): () => void {
  const onKey = (event: KeyboardEvent): void => {
    if (event.defaultPrevented || event.repeat || event.ctrlKey || event.metaKey || event.altKey) return;
    if (ablationIsGoing()) return;
    if (event.key === " " && !isIn(event.target, usesSpace)) void toggleRun(engine);
    else if (event.key === "ArrowRight" && !isIn(event.target, usesArrows)) void stepRun(engine);
    else return;
    event.preventDefault();
  };
  addEventListener("keydown", onKey);
  return () => removeEventListener("keydown", onKey);
}

/** Fields, regions that scroll, rows of buttons, and dialogs, behind which nothing should move. */
const usesArrows = "input, select, textarea, [contenteditable], [tabindex='0'], [role=toolbar], dialog";
const usesSpace = `${usesArrows}, button, summary, a`;

function isIn(target: EventTarget | null, selector: string): boolean {
  return target instanceof Element && target.closest(selector) !== null;
}
