/**
 * Finding out what a machine offers before tfjs is asked: its WebGPU factory throws where there is no adapter, and
 * neither backend says that a "GPU" is a program on the CPU.
 */

/** What is known of one way to reach a GPU. */
export interface AdapterInfo {
  readonly available: boolean;
  /** As a person would name it; empty when there is none. */
  readonly adapter: string;
  /** A GPU emulated on the CPU (SwiftShader, llvmpipe, WARP, …). */
  readonly software: boolean;
  readonly problem?: string;
}

const softwareNames = /swiftshader|llvmpipe|lavapipe|softpipe|software|basic render|\bwarp\b/i;

function isSoftwareRenderer(description: string): boolean {
  return softwareNames.test(description);
}

/** Asks WebGPU for its best adapter. Never throws. */
export async function probeWebGpu(): Promise<AdapterInfo> {
  const gpu = (globalThis.navigator as Navigator | undefined)?.gpu;
  if (gpu === undefined) {
    return {
      available: false,
      adapter: "",
      software: false,
      problem: "this browser has no WebGPU (or the page is not served over HTTPS)",
    };
  }
  try {
    const adapter = await gpu.requestAdapter({ powerPreference: "high-performance" });
    if (adapter === null) {
      return {
        available: false,
        adapter: "",
        software: false,
        problem: "WebGPU is there, but it offers no adapter",
      };
    }
    const { vendor, architecture, device, description } = adapter.info;
    const words = [vendor, architecture, description || device].filter((word) => word !== "");
    const name = words.join(" ") || "unnamed adapter";
    const software = adapter.info.isFallbackAdapter || isSoftwareRenderer(name);
    return { available: true, adapter: software ? `${name} (software)` : name, software };
  } catch (error) {
    return { available: false, adapter: "", software: false, problem: `WebGPU failed: ${String(error)}` };
  }
}

/** Asks WebGL 2 for its renderer. Never throws. */
export function probeWebGl(): AdapterInfo {
  try {
    const canvas = new OffscreenCanvas(1, 1);
    const context = canvas.getContext("webgl2");
    if (context === null)
      return { available: false, adapter: "", software: false, problem: "this browser offers no WebGL 2" };
    const extension = context.getExtension("WEBGL_debug_renderer_info");
    const renderer = String(context.getParameter(extension?.UNMASKED_RENDERER_WEBGL ?? context.RENDERER));
    const float = context.getExtension("EXT_color_buffer_float") !== null;
    context.getExtension("WEBGL_lose_context")?.loseContext();
    if (!float) {
      return {
        available: false,
        adapter: renderer,
        software: false,
        problem: "WebGL 2 cannot draw to 32-bit floats here",
      };
    }
    const software = isSoftwareRenderer(renderer);
    return { available: true, adapter: software ? `${renderer} (software)` : renderer, software };
  } catch (error) {
    return { available: false, adapter: "", software: false, problem: `WebGL failed: ${String(error)}` };
  }
}
