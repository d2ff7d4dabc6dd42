import type { Engine } from "../contract/protocol.ts";
import { ablationIsGoing } from "./commands/ablation.ts";
import { stepRun, toggleRun } from "./commands/startRun.ts";

/** Space starts, pauses and goes on; → takes one step. Not while a control has the keyboard. @returns an undo. */
export function listenToKeys(engine: Engine): () => void {
  const onKey = (event: KeyboardEvent): void => {
    if (event.defaultPrevented || event.repeat || event.ctrlKey || event.metaKey || event.altKey) return;
    if (ablationIsGoing() || takesKeys(event.target)) return;
    if (event.key === " ") void toggleRun(engine);
    else if (event.key === "ArrowRight") void stepRun(engine);
    else return;
    event.preventDefault();
  };
  addEventListener("keydown", onKey);
  return () => removeEventListener("keydown", onKey);
}

/** Whether the focused element does something of its own with Space or arrows: fields, buttons, scrolling regions. */
function takesKeys(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  return (
    target.isContentEditable ||
    target.closest("input, select, textarea, button, summary, a, [tabindex]") !== null
  );
}
