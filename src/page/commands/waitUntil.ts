import type { StoreApi } from "zustand/vanilla";

/** Resolves with the first state of a store, the present one included, for which `holds`. */
export function waitUntil<S>(store: StoreApi<S>, holds: (state: S) => boolean): Promise<S> {
  return new Promise((resolve) => {
    if (holds(store.getState())) {
      resolve(store.getState());
      return;
    }
    const stop = store.subscribe((state) => {
      if (!holds(state)) return;
      stop();
      resolve(state);
    });
  });
}
