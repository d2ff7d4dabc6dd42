import { AppError } from "../../contract/errors.ts";
import { Disco } from "../methods/disco.ts";
import { DistillOnly } from "../methods/distillOnly.ts";
import { FrozenTeacher } from "../methods/frozenTeacher.ts";
import type { Method } from "../methods/method.ts";
import type { StudentTrainer } from "../methods/studentTrainer.ts";
import { NetworkTeacher } from "../teachers/networkTeacher.ts";
import { ProjectedTeacher } from "../teachers/projectedTeacher.ts";
import type { Teacher } from "../teachers/teacher.ts";
import { CompiledDisco, type StepParts, type StepSize } from "./compiledDisco.ts";
import { CompiledStudent } from "./compiledStudent.ts";
import { CompiledTeacher } from "./compiledTeacher.ts";
import { whyNotCompiled } from "./fusion/whyNotCompiled.ts";
import type { PlanReport } from "./plan/plan.ts";
import { granularityOf, softwareGranularity, type Granularity } from "../wgsl/granularity.ts";
import { tfjsGpu, type TfjsGpu } from "../tfjs/tfjsGpu.ts";

/** How a method's steps will run. */
export interface Execution {
  /** The one given, or one that takes it over. */
  readonly method: Method;
  readonly executor: StudentTrainer["executor"];
  /** For a person: what the plan is, or why there is none. */
  readonly details: string;
}

/**
 * Compiles a method's steps for the GPU where that is possible, which is on WebGPU: of DisCo, MoCo-v2 and distillation alone
 * the whole step, teacher included; of every other method the student's passes and its optimiser, and a teacher whose
 * targets are not precomputed runs as it is. Everything else runs as it is, as does what the device refuses.
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
  const problem = whyNotCompiled(method.trainer.network);
  if (problem !== null) return asItIs(`the student has ${problem}`);
  const target = { gpu, size, granularity: software ? softwareGranularity : granularityOf(gpu.device) };
  try {
    const parts = partsOf(method);
    return parts === null
      ? await compileStudent(target, method, onProgress)
      : await compileWhole(target, method, parts, hasTargets, onProgress);
  } catch (error) {
    if (error instanceof AppError && error.code === "out-of-memory") return asItIs(error.message);
    throw error;
  }
}

/** What steps are compiled for. */
interface Target {
  readonly gpu: TfjsGpu;
  readonly size: StepSize;
  readonly granularity: Granularity;
}

type OnProgress = (done: number, total: number) => void;

/** The whole step, loss and all, in the method's place. */
async function compileWhole(
  target: Target,
  method: Method,
  parts: StepParts,
  hasTargets: boolean,
  onProgress?: OnProgress,
): Promise<Execution> {
  const { gpu, size, granularity } = target;
  let teacher: CompiledStepTeacher | null = null;
  const release = (): void => {
    teacher?.dispose();
  };
  try {
    if (parts.teacher !== null && !hasTargets) teacher = await compileTeacher(target, parts.teacher);
    const compiled = await CompiledDisco.compile(
      gpu,
      { ...parts, teacher: teacher?.frozen ?? parts.teacher },
      size,
      granularity,
      () => {
        release();
        method.dispose();
      },
      onProgress,
    );
    return { method: compiled, executor: "compiled", details: describe(compiled.report) };
  } catch (error) {
    release();
    throw error;
  }
}

/** The student's passes and its optimiser, for a method that goes on taking its steps itself. */
async function compileStudent(
  { gpu, size, granularity }: Target,
  method: Method,
  onProgress?: OnProgress,
): Promise<Execution> {
  const { trainer, studentViews } = method;
  const views = { ...size, views: studentViews };
  const compiled = await CompiledStudent.compile(gpu, trainer, views, granularity, onProgress);
  trainer.leaveTo(compiled);
  return {
    method,
    executor: trainer.executor,
    details: `${describe(compiled.report)}; the rest of a step by tfjs`,
  };
}

function describe({ launches, pipelines, bytes }: PlanReport): string {
  const megabytes = (bytes / 2 ** 20).toFixed(bytes < 2 ** 20 ? 1 : 0);
  return `${launches} launches, ${pipelines} pipelines, ${megabytes} MiB`;
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
  { gpu, size: { batch, height, width }, granularity }: Target,
  frozen: FrozenTeacher,
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
