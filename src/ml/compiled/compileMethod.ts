import { AppError } from "../../contract/errors.ts";
import { Disco } from "../methods/disco.ts";
import { DistillOnly } from "../methods/distillOnly.ts";
import { FrozenTeacher } from "../methods/frozenTeacher.ts";
import type { Method } from "../methods/method.ts";
import type { StudentTrainer } from "../methods/studentTrainer.ts";
import { NetworkTeacher } from "../teachers/networkTeacher.ts";
import { ProjectedTeacher } from "../teachers/projectedTeacher.ts";
import type { Teacher } from "../teachers/teacher.ts";
import { CompiledDisco, whyNotCompiledStep, type StepParts, type StepSize } from "./compiledDisco.ts";
import { CompiledTeacher } from "./compiledTeacher.ts";
import { granularityOf, softwareGranularity, type Granularity } from "../wgsl/granularity.ts";
import { tfjsGpu, type TfjsGpu } from "../tfjs/tfjsGpu.ts";

/** How a method's steps will run. */
export interface Execution {
  /** The one given, or one that takes it over. */
  readonly method: Method;
  readonly executor: "compiled" | StudentTrainer["executor"];
  /** For a person: what the plan is, or why there is none. */
  readonly details: string;
}

/**
 * Compiles a method's step for the GPU where that is possible: on WebGPU, for DisCo, MoCo-v2 and distillation alone.
 * Everything else runs as it is, as does what the device refuses.
 *
 * @param method prepared, before its first step; not to be used on its own afterwards.
 * @param hasTargets whether steps will bring precomputed targets along, so that the teacher's network need not run.
 * @param onProgress pipelines compiled so far, of how many.
 */
export async function compileMethod(
  method: Method,
  size: StepSize,
  { software, hasTargets = false }: { readonly software: boolean; readonly hasTargets?: boolean },
  onProgress?: (done: number, total: number) => void,
): Promise<Execution> {
  const asItIs = (details: string): Execution => {
    return { method, executor: method.trainer.executor, details };
  };
  const gpu = tfjsGpu();
  if (gpu === null) return asItIs("compiled steps need WebGPU");
  const parts = partsOf(method);
  if (parts === null) return asItIs("this objective is not compiled yet");
  const problem = whyNotCompiledStep(parts);
  if (problem !== null) return asItIs(`the student has ${problem}`);
  const granularity = software ? softwareGranularity : granularityOf(gpu.device);
  let teacher: CompiledStepTeacher | null = null;
  try {
    teacher =
      parts.teacher === null || hasTargets
        ? null
        : await compileTeacher(gpu, parts.teacher, size, granularity);
    const compiled = await CompiledDisco.compile(
      gpu,
      { ...parts, teacher: teacher?.frozen ?? parts.teacher },
      size,
      granularity,
      () => {
        teacher?.dispose();
        method.dispose();
      },
      onProgress,
    );
    const { launches, pipelines, bytes } = compiled.report;
    const megabytes = (bytes / 2 ** 20).toFixed(bytes < 2 ** 20 ? 1 : 0);
    return {
      method: compiled,
      executor: "compiled",
      details: `${launches} launches, ${pipelines} pipelines, ${megabytes} MiB`,
    };
  } catch (error) {
    teacher?.dispose();
    if (error instanceof AppError && error.code === "out-of-memory") return asItIs(error.message);
    throw error;
  }
}

function partsOf(method: Method): StepParts | null {
  if (method instanceof Disco) {
    if (method.prefixes.length > 1) return null;
    const { trainer, teacher, meanStudent, queue, emaMomentum } = method;
    return { trainer, teacher, contrast: { meanStudent, queue, emaMomentum } };
  }
  if (method instanceof DistillOnly)
    return { trainer: method.trainer, teacher: method.teacher, contrast: null };
  return null;
}

interface CompiledStepTeacher {
  readonly frozen: FrozenTeacher;
  dispose(): void;
}

/** The same teacher with its network as a plan where that is possible; null where not. */
async function compileTeacher(
  gpu: TfjsGpu,
  frozen: FrozenTeacher,
  { batch, height, width }: StepSize,
  granularity: Granularity,
): Promise<CompiledStepTeacher | null> {
  if (frozen.options.batchNorm !== "eval") return null;
  const given: Teacher = frozen.teacher;
  const inner = given instanceof ProjectedTeacher ? given.inner : given;
  if (!(inner instanceof NetworkTeacher)) return null;
  const views = { samples: 2 * batch, height, width };
  const { inputSize } = frozen.options;
  const compiled = await CompiledTeacher.compile(gpu, inner, views, inputSize, granularity);
  if (compiled === null) return null;
  const outer = given instanceof ProjectedTeacher ? given.over(compiled) : compiled;
  return {
    frozen: new FrozenTeacher(outer, frozen.options),
    dispose: () => {
      if (outer !== compiled) outer.dispose();
      compiled.dispose();
    },
  };
}
