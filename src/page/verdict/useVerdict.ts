import { useSyncExternalStore } from "react";
import type { Verdict } from "./verdict.ts";
import { onVerdict, presentVerdict } from "./verdictWatch.ts";

/** How the current run goes, in words; brought up to date twice a second at most. */
export function useVerdict(): Verdict {
  return useSyncExternalStore(onVerdict, presentVerdict);
}
