import { hardwareTiling, type ProductTiling } from "./productTiles.ts";

/** How finely work is dealt out to the invocations of a kernel, and how much of it one can take. */
export interface Granularity {
  /** Invocations that keep the device busy; more than that only costs sums of parts. */
  readonly threads: number;
  /** How convolutions work in workgroup memory; null where that is no faster than other memory. */
  readonly tiling: ProductTiling | null;
  /** So many workgroups that add up rows in workgroup memory keep the device busy; null where invocations add up alone. */
  readonly rowWorkgroups: number | null;
  /** Vectors of four sums that one invocation can hold while it computes. */
  readonly sums: number;
  /** Pixels of a row that one invocation can take on. */
  readonly columns: number;
  /** Loads that the body of a loop may have before it takes long to compile. */
  readonly loads: number;
}

export const hardwareGranularity: Granularity = {
  threads: 32_768,
  tiling: hardwareTiling,
  rowWorkgroups: hardwareTiling.workgroups,
  sums: 8,
  columns: 8,
  loads: Infinity,
};

/**
 * A software adapter has as many lanes as the processor: few parts are best. Its registers are memory, so many sums
 * are cheap. What it compiles it compiles slowly, ten milliseconds a load: twice the sums bring no speed and twice the
 * text, and wider tiles none and more shaders, since fewer shapes share one.
 */
export const softwareGranularity: Granularity = {
  threads: 128,
  tiling: null,
  rowWorkgroups: null,
  sums: 32,
  columns: 4,
  loads: 20,
};

const tuned = new WeakMap<GPUDevice, Granularity>();

/** What was measured of a device (`tuneTiling.ts`), or else what suits its kind. */
export function granularityOf(device: GPUDevice): Granularity {
  const info = device.adapterInfo as GPUAdapterInfo | undefined; // not in every browser yet
  return tuned.get(device) ?? (info?.isFallbackAdapter === true ? softwareGranularity : hardwareGranularity);
}

/** Has kernels made for the device from here on follow what was measured of it. */
export function setTiling(device: GPUDevice, tiling: ProductTiling | null): void {
  tuned.set(device, { ...hardwareGranularity, tiling });
}
