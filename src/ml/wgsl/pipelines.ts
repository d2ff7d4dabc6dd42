import { invariant } from "../../lib/invariant.ts";

interface Entry {
  /** Absent while it is compiled in the background. */
  ready?: GPUComputePipeline;
  readonly soon: Promise<GPUComputePipeline>;
}

/** One pipeline per device and shader, for as long as the device lives. */
const cache = new WeakMap<GPUDevice, Map<string, Entry>>();

function entriesOf(device: GPUDevice): Map<string, Entry> {
  const entries = cache.get(device) ?? new Map<string, Entry>();
  cache.set(device, entries);
  return entries;
}

/** Compiles a shader in the background, beside others. */
export function pipelineFor(device: GPUDevice, code: string, label: string): Promise<GPUComputePipeline> {
  const entries = entriesOf(device);
  const known = entries.get(code);
  if (known !== undefined) return known.soon;
  const module = device.createShaderModule({ code, label });
  const soon = device
    .createComputePipelineAsync({ label, layout: "auto", compute: { module, entryPoint: "main" } })
    .catch(async (error: unknown) => {
      const { messages } = await module.getCompilationInfo();
      const found = messages.map(({ lineNum, message }) => `line ${lineNum}: ${message}`);
      invariant(found.length === 0, `${label} does not compile: ${found.join("; ")}`);
      throw error;
    });
  const entry: Entry = { soon };
  entries.set(code, entry);
  soon.then(
    (pipeline) => (entry.ready = pipeline),
    () => entries.delete(code),
  );
  return soon;
}

/** Compiles a shader while the caller waits, unless it is there. What does not compile the device reports. */
export function pipelineNow(device: GPUDevice, code: string, label: string): GPUComputePipeline {
  const entries = entriesOf(device);
  const known = entries.get(code);
  if (known?.ready !== undefined) return known.ready;
  const module = device.createShaderModule({ code, label });
  const ready = device.createComputePipeline({
    label,
    layout: "auto",
    compute: { module, entryPoint: "main" },
  });
  entries.set(code, { ready, soon: Promise.resolve(ready) });
  return ready;
}
