import { AppError } from "../../contract/errors.ts";
import { cancelled, NetworkFault } from "./networkFault.ts";

/** Waits before the next try, each longer. After the last one the fault is told. */
const waitsMs = [400, 1200, 3000] as const;
/** A site that asks for more patience than this gets none: the visitor is told to come back. */
const longestWaitMs = 10_000;
/** Whoever has never answered is asked once more only: most likely it never will. */
const triesUnanswered = 1;

/** Counts the faults in a row, waits, and gives up. */
export class Patience {
  #faults = 0;

  /** Something arrived: from here on faults are counted anew. */
  reward(): void {
    this.#faults = 0;
  }

  /** @throws AppError the fault when trying again is in vain; "cancelled" when the wait is cut short. */
  async spend(fault: NetworkFault, signal: AbortSignal): Promise<void> {
    const most = fault.error.code === "network-blocked" ? triesUnanswered : waitsMs.length;
    const tries = this.#faults++;
    const wait = Math.max(waitsMs[Math.min(tries, waitsMs.length - 1)]!, fault.waitMs);
    if (!fault.mayPass || tries >= most || wait > longestWaitMs) throw fault.error;
    await sleep(wait, signal);
  }
}

/** @throws AppError what went wrong in the end. */
export async function withRetries<T>(signal: AbortSignal, attempt: () => Promise<T>): Promise<T> {
  const patience = new Patience();
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      await patience.spend(asFault(error, signal), signal);
    }
  }
}

/** @throws AppError what is no fault of the network: "cancelled", or an error that is final. */
export function asFault(error: unknown, signal: AbortSignal): NetworkFault {
  if (signal.aborted) throw cancelled();
  if (error instanceof NetworkFault) return error;
  throw error instanceof Error ? error : new AppError("internal", String(error));
}

function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      clearTimeout(timer);
      reject(cancelled());
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", stop);
      resolve();
    }, ms);
    if (signal.aborted) stop();
    else signal.addEventListener("abort", stop, { once: true });
  });
}
