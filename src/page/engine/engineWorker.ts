let early: Worker | null = null;

/** Begins to fetch the engine. Whoever asks for it first gets this one. */
export function startEngineEarly(): void {
  const started = newWorker();
  early = started;
  // Nobody listens yet; the one made in its place will say what is wrong.
  started.onerror = () => (early = null);
}

/** A worker with an engine that nobody has asked anything of. */
export function createEngineWorker(): Worker {
  const worker = early ?? newWorker();
  early = null;
  return worker;
}

function newWorker(): Worker {
  return new Worker(new URL("../../worker/engine/entry.ts", import.meta.url), {
    type: "module",
    name: "engine",
  });
}
