import { invariant } from "../../../src/lib/invariant.ts";

/** What an adapter can do at best, measured by the simplest kernels: the roof of every other figure. */
export interface AdapterCeilings {
  /** A kernel that copies 16 bytes a thread: bytes read and written, a second, in 10⁹. */
  readonly copyGBs: number;
  /** Multiply-adds on registers, nothing read: GFLOP/s. */
  readonly multiplyAddGflops: number;
  /** A product of 512² by register tiles of 4×4, no workgroup memory: GFLOP/s. */
  readonly productGflops: number;
}

interface Kernel {
  readonly code: string;
  /** Sizes in bytes of the storage buffers at bindings 0, 1, … */
  readonly buffers: readonly number[];
  readonly workgroups: readonly [number, number];
  /** What one launch does: bytes or FLOP. */
  readonly work: number;
}

/** @param hardware whether to give it as much work as a GPU needs to be busy. */
export async function measureCeilings(hardware: boolean): Promise<AdapterCeilings> {
  const adapter = await navigator.gpu.requestAdapter({ powerPreference: "high-performance" });
  invariant(adapter !== null, "there is an adapter, or nothing would be measured");
  const device = await adapter.requestDevice({
    requiredLimits: {
      maxStorageBufferBindingSize: adapter.limits.maxStorageBufferBindingSize,
      maxBufferSize: adapter.limits.maxBufferSize,
    },
  });
  const copyBytes = Math.min(
    (hardware ? 256 : 32) * 2 ** 20, // much more than any cache
    device.limits.maxStorageBufferBindingSize,
  );
  try {
    return {
      copyGBs: (await rate(device, copyKernel(copyBytes))) / 1e9,
      multiplyAddGflops: (await rate(device, multiplyAddKernel(hardware ? 2 ** 20 : 2 ** 14))) / 1e9,
      productGflops: (await rate(device, productKernel(512))) / 1e9,
    };
  } finally {
    device.destroy();
  }
}

function copyKernel(bytes: number): Kernel {
  const [threads, perRow] = [bytes / 16, 2 ** 14];
  return {
    code: `
@group(0) @binding(0) var<storage, read_write> source : array<vec4f>;
@group(0) @binding(1) var<storage, read_write> target_ : array<vec4f>;
@compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id : vec3u) {
  let i = id.y * ${perRow * 64}u + id.x;
  target_[i] = source[i];
}`,
    buffers: [bytes, bytes],
    workgroups: [Math.min(perRow, threads / 64), Math.ceil(threads / 64 / perRow)],
    work: 2 * bytes,
  };
}

function multiplyAddKernel(threads: number): Kernel {
  const [chains, rounds] = [8, 256];
  const each = (line: (chain: number) => string): string =>
    Array.from({ length: chains }, (_, chain) => line(chain)).join("\n");
  return {
    code: `
@group(0) @binding(0) var<storage, read_write> result : array<vec4f>;
@compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id : vec3u) {
  let factor = result[id.x] * 0.5 + 0.9;
${each((c) => `  var a${c} = vec4f(f32(id.x) + ${c}.0);`)}
  for (var i = 0; i < ${rounds}; i++) {
${each((c) => `    a${c} = fma(a${c}, factor, factor);`)}
  }
  result[id.x] = (${Array.from({ length: chains }, (_, c) => `a${c}`).join(" + ")}) * 1e-30;
}`,
    buffers: [threads * 16],
    workgroups: [threads / 64, 1],
    work: 2 * 4 * chains * rounds * threads,
  };
}

function productKernel(size: number): Kernel {
  const quarter = size / 4;
  return {
    code: `
@group(0) @binding(0) var<storage, read_write> a : array<vec4f>;
@group(0) @binding(1) var<storage, read_write> b : array<vec4f>;
@group(0) @binding(2) var<storage, read_write> c : array<vec4f>;
@compute @workgroup_size(8, 8) fn main(@builtin(global_invocation_id) id : vec3u) {
  let row = id.y * 4u;
  var s0 = vec4f(0); var s1 = vec4f(0); var s2 = vec4f(0); var s3 = vec4f(0);
  for (var k = 0u; k < ${quarter}u; k++) {
    let a0 = a[row * ${quarter}u + k];
    let a1 = a[(row + 1u) * ${quarter}u + k];
    let a2 = a[(row + 2u) * ${quarter}u + k];
    let a3 = a[(row + 3u) * ${quarter}u + k];
    for (var j = 0u; j < 4u; j++) {
      let r = b[(k * 4u + j) * ${quarter}u + id.x];
      s0 += a0[j] * r; s1 += a1[j] * r; s2 += a2[j] * r; s3 += a3[j] * r;
    }
  }
  c[row * ${quarter}u + id.x] = s0;
  c[(row + 1u) * ${quarter}u + id.x] = s1;
  c[(row + 2u) * ${quarter}u + id.x] = s2;
  c[(row + 3u) * ${quarter}u + id.x] = s3;
}`,
    buffers: [4 * size ** 2, 4 * size ** 2, 4 * size ** 2],
    workgroups: [quarter / 8, quarter / 8],
    work: 2 * size ** 3,
  };
}

const longEnoughMs = 200;
const attempts = 4;

/** Work a second, the best of some attempts: a ceiling is not what a busy machine happened to leave. */
async function rate(device: GPUDevice, { code, buffers, workgroups, work }: Kernel): Promise<number> {
  const pipeline = await device.createComputePipelineAsync({
    layout: "auto",
    compute: { module: device.createShaderModule({ code }) },
  });
  const made = buffers.map((size) => device.createBuffer({ size, usage: GPUBufferUsage.STORAGE }));
  const bindings = device.createBindGroup({
    layout: pipeline.getBindGroupLayout(0),
    entries: made.map((buffer, binding) => ({ binding, resource: { buffer } })),
  });
  const time = async (launches: number): Promise<number> => {
    const startMs = performance.now();
    const encoder = device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, bindings);
    for (let i = 0; i < launches; i++) pass.dispatchWorkgroups(...workgroups);
    pass.end();
    device.queue.submit([encoder.finish()]);
    await device.queue.onSubmittedWorkDone();
    return performance.now() - startMs;
  };
  await time(1);
  let launches = 1;
  let best = 0;
  for (let left = attempts; left > 0; left--) {
    const elapsedMs = await time(launches);
    if (elapsedMs < longEnoughMs && launches < 2 ** 12) {
      launches *= 2;
      left = attempts + 1;
    } else best = Math.max(best, (work * launches) / (elapsedMs / 1000));
  }
  for (const buffer of made) buffer.destroy();
  return best;
}
