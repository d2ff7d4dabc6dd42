/** One contestant's process: what a worker of the benchmark's page is, on a native WebGPU. */
import { availableParallelism } from "node:os";
import { probeWebGpu } from "../../../src/worker/engine/adapterInfo.ts";

interface Dawn {
  /** @param options "enable-dawn-features=…" and alike. */
  readonly create: (options: string[]) => GPU;
  readonly globals: Record<string, unknown>;
}

async function openDawn(): Promise<Dawn> {
  const name: string = "webgpu"; // not a dependency, since few need its 130 MB
  try {
    return (await import(name)) as Dawn;
  } catch {
    throw new Error("The package webgpu is not there; `npm install --no-save webgpu@0.6.2` brings it.");
  }
}

/** A page's worker posts to `self`, and listens there; here that is the parent process. */
function becomeWorker({ create, globals }: Dawn): void {
  Object.assign(globalThis, globals, {
    self: globalThis,
    postMessage: (message: unknown) => process.send?.(message),
  });
  const navigator = { gpu: create([]), hardwareConcurrency: availableParallelism(), userAgent: "Node" };
  Object.defineProperty(globalThis, "navigator", { value: navigator, configurable: true });
}

const kind = process.argv[2];
becomeWorker(await openDawn());
if (kind === "adapter") {
  process.send?.(await probeWebGpu());
} else {
  const asked: unknown[] = [];
  const scope = globalThis as unknown as { onmessage?: (event: { data: unknown }) => void };
  process.on("message", (data) => {
    if (scope.onmessage === undefined) asked.push(data);
    else scope.onmessage({ data });
  });
  if (kind === "step") await import("../page/stepWorker.ts");
  else if (kind === "op") await import("../page/opWorker.ts");
  else if (kind === "objective") await import("../page/objectiveWorker.ts");
  else throw new Error(`There is no worker called ${kind ?? ""} here.`);
  for (const data of asked) scope.onmessage?.({ data });
}
