import type { BuiltPlan } from "./plan.ts";

/** The time of all launches of one label. */
export interface LaunchTimes {
  readonly label: string;
  readonly launches: number;
  readonly ms: number;
}

/**
 * Runs a plan with the GPU's clock read around every launch, which makes it slower as a whole. A sync point.
 *
 * @returns the longest first; null when the device has no clock ("timestamp-query").
 */
export async function profilePlan({ device, steps }: BuiltPlan): Promise<readonly LaunchTimes[] | null> {
  if (!device.features.has("timestamp-query")) return null;
  const totals = new Map<string, { launches: number; ms: number }>();
  const perPass = 1024; // a query set holds 4096 at most
  for (let from = 0; from < steps.length; from += perPass) {
    const some = steps.slice(from, from + perPass);
    const bytes = some.length * 16;
    const querySet = device.createQuerySet({ type: "timestamp", count: some.length * 2 });
    const usage = GPUBufferUsage.QUERY_RESOLVE | GPUBufferUsage.COPY_SRC;
    const resolved = device.createBuffer({ size: bytes, usage });
    const readable = device.createBuffer({
      size: bytes,
      usage: GPUBufferUsage.COPY_DST | GPUBufferUsage.MAP_READ,
    });
    const encoder = device.createCommandEncoder();
    some.forEach(({ pipeline, bindGroup, workgroups }, i) => {
      const pass = encoder.beginComputePass({
        timestampWrites: { querySet, beginningOfPassWriteIndex: 2 * i, endOfPassWriteIndex: 2 * i + 1 },
      });
      pass.setPipeline(pipeline);
      pass.setBindGroup(0, bindGroup);
      pass.dispatchWorkgroups(...workgroups);
      pass.end();
    });
    encoder.resolveQuerySet(querySet, 0, some.length * 2, resolved, 0);
    encoder.copyBufferToBuffer(resolved, 0, readable, 0, bytes);
    device.queue.submit([encoder.finish()]);
    await readable.mapAsync(GPUMapMode.READ);
    const ticks = new BigUint64Array(readable.getMappedRange());
    some.forEach(({ label }, i) => {
      const total = totals.get(label) ?? { launches: 0, ms: 0 };
      total.launches++;
      total.ms += Number((ticks[2 * i + 1] as bigint) - (ticks[2 * i] as bigint)) / 1e6;
      totals.set(label, total);
    });
    readable.unmap();
    for (const buffer of [resolved, readable]) buffer.destroy();
    querySet.destroy();
  }
  return [...totals]
    .map(([label, { launches, ms }]) => ({ label, launches, ms }))
    .sort((a, b) => b.ms - a.ms);
}
