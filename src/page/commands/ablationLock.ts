import { notify } from "../stores/noticeStore.ts";

const name = "ablation";

/** Works while no other tab runs an ablation: all share one place to keep it. Where one does, the visitor is told. */
export async function holdAblationLock(work: () => Promise<void>): Promise<void> {
  // Workers of tests and pages that are not secure have none.
  if (typeof navigator === "undefined" || !("locks" in navigator)) return work();
  await navigator.locks.request(name, { ifAvailable: true }, async (lock) => {
    if (lock !== null) return work();
    notify("info", "Another tab is running an ablation.", {
      hint: "Wait until it is through, or stop it there; then go on here.",
      cause: "ablation",
    });
  });
}

/** Whether a tab, this one included, runs an ablation. */
export async function ablationLockIsHeld(): Promise<boolean> {
  if (typeof navigator === "undefined" || !("locks" in navigator)) return false;
  const { held = [] } = await navigator.locks.query();
  return held.some((lock) => lock.name === name);
}
