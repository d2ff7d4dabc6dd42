import { setTiling } from "../../ml/wgsl/granularity.ts";
import type { ProductTiling } from "../../ml/wgsl/productTiles.ts";
import { measureTiling } from "../../ml/compiled/plan/tuneTiling.ts";
import { z } from "../../formats/zod.ts";

/** Rises when kernels or candidates change, so that what was measured before counts no more. */
const version = 1;
const cacheName = "device-tuning";

const positive = z.number().positive();
const tilingSchema = z.nullable(
  z.object({
    workgroups: positive,
    tiles: z.array(
      z.object({
        rows: positive,
        columns: positive,
        depth: positive,
        ownRows: positive,
        ownColumns: positive,
        speed: positive,
      }),
    ),
  }),
);

/**
 * Has the kernels made for a hardware device follow what was measured of it: half a second the first time, remembered
 * for the adapter afterwards. Where nothing can be measured, what is usual for hardware stays in force. Never throws.
 */
export async function tuneDevice(device: GPUDevice): Promise<void> {
  try {
    const address = addressFor(device);
    const known = await recall(address);
    const tiling = known === undefined ? await measureTiling(device) : known;
    setTiling(device, tiling);
    if (known === undefined) await remember(address, tiling);
  } catch (error) {
    console.warn("This GPU could not be measured; kernels stay as they are for others.", error);
  }
}

/** A name in the cache: nothing is fetched from there. */
function addressFor(device: GPUDevice): string {
  const { vendor, architecture, device: model, description } = device.adapterInfo;
  const parts = [version, vendor, architecture, model, description].map((part) => encodeURIComponent(part));
  return `/device-tuning/${parts.join("/")}`;
}

async function recall(address: string): Promise<ProductTiling | null | undefined> {
  if (!("caches" in globalThis)) return undefined;
  const found = await (await caches.open(cacheName)).match(address);
  if (found === undefined) return undefined;
  const parsed = tilingSchema.safeParse(await found.json().catch(() => undefined));
  return parsed.success ? parsed.data : undefined;
}

async function remember(address: string, tiling: ProductTiling | null): Promise<void> {
  if (!("caches" in globalThis)) return;
  const body = JSON.stringify(tiling);
  await (await caches.open(cacheName)).put(address, new Response(body));
}
