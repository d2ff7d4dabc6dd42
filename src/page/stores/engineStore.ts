import { createStore } from "zustand/vanilla";
import type { BackendChoice, BackendReport } from "../../contract/backend.ts";
import type { ErrorWire } from "../../contract/errors.ts";
import type { MemoryReport } from "../../contract/protocol.ts";

/** `opening`: probing the machine. `failed`: no backend could be opened. `lost`: it worked, and is gone. */
type EngineStatus = "opening" | "ready" | "failed" | "lost";

export interface EngineProgress {
  readonly task: string;
  readonly done: number;
  readonly total: number;
}

interface EngineState {
  readonly status: EngineStatus;
  readonly choice: BackendChoice;
  /** An engine was silent while it opened, as when threads never start: those after it do without. */
  readonly oneThread: boolean;
  readonly report: BackendReport | null;
  readonly error: ErrorWire | null;
  /** Long work the engine reports on, null when there is none. */
  readonly progress: EngineProgress | null;
  /** For how long it has not answered, in milliseconds; 0 while it does, or while that is usual. */
  readonly silentMs: number;
  /** As of the end of the last run. */
  readonly memory: MemoryReport | null;
}

export const engineStore = createStore<EngineState>(() => ({
  status: "opening",
  choice: "auto",
  oneThread: false,
  report: null,
  error: null,
  progress: null,
  silentMs: 0,
  memory: null,
}));
