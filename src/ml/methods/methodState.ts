import { AppError } from "../../contract/errors.ts";
import type { PrngState } from "../../lib/prng.ts";
import type { KeyQueue } from "../losses/queue.ts";
import type { Method } from "./method.ts";
import type { Weights } from "../models/weights.ts";
import { knownUnitRows } from "../tensors/unitRows.ts";
import { readTensors } from "../executors/readTensors.ts";
import * as tf from "../tfjs/tf.ts";

/** Values of one tensor, row-major. */
export interface SavedTensor {
  readonly shape: readonly number[];
  readonly data: Float32Array<ArrayBuffer>;
}

/** Of a method what is counted rather than computed. */
interface MethodCounts {
  readonly optimiserSteps: number;
  readonly studentBatches: number;
  readonly meanBatches: number;
  /** The row of each queue that the next key goes to. */
  readonly queueRows: Readonly<Record<string, number>>;
  readonly prngs: Readonly<Record<string, PrngState>>;
}

/**
 * Everything of a method that steps change, by name: `student/…`, `mean/…`, `optimiser/<kind>/…` with the names of state
 * dicts, `queue/…`. Tensors are in the layouts of `Weights`, so any executor can go on with what another left.
 */
export interface MethodState {
  readonly tensors: ReadonlyMap<string, SavedTensor>;
  readonly counts: MethodCounts;
}

/**
 * A copy of a method's state. One sync point.
 *
 * @param method whose tensors hold it, once `syncState` of what took it over has been called.
 */
export async function readMethodState(method: Method): Promise<MethodState> {
  const { trainer, meanStudent, prngs = {} } = method;
  const live = tensorsOf(method);
  const values = await readTensors([...live.values()]);
  const tensors = new Map<string, SavedTensor>();
  [...live].forEach(([name, { shape }], i) => {
    tensors.set(name, { shape, data: values[i] as Float32Array<ArrayBuffer> });
  });
  return {
    tensors,
    counts: {
      optimiserSteps: trainer.optimiser.steps,
      studentBatches: trainer.weights.batchesTracked,
      meanBatches: meanStudent?.batchesTracked ?? 0,
      queueRows: Object.fromEntries(Object.entries(queuesOf(method)).map(([name, { next }]) => [name, next])),
      prngs: Object.fromEntries(Object.entries(prngs).map(([name, prng]) => [name, prng.state()])),
    },
  };
}

/**
 * Puts a state into a method of the same configuration, in place of its own.
 *
 * @throws AppError "file-unreadable" when it is the state of another method or network.
 */
export function restoreMethodState(method: Method, { tensors, counts }: MethodState): void {
  const { trainer, meanStudent, prngs = {} } = method;
  const { parameters } = trainer.weights;
  // What an optimiser remembers exists once it is asked for.
  for (const name of tensors.keys()) {
    const [, kind, parameter] = /^optimiser\/([^/]+)\/(.+)$/.exec(name) ?? [];
    if (kind === undefined || parameter === undefined) continue;
    const [slot, variable] = [trainer.optimiser.slots[kind], parameters.get(parameter)];
    if (slot === undefined || variable === undefined) throw misfit(`there is no ${name}`);
    slot.of(parameter, variable);
  }
  const live = tensorsOf(method);
  for (const [name, { shape }] of live) {
    const saved = tensors.get(name);
    if (saved === undefined) throw misfit(`${name} is missing`);
    if (saved.shape.join() !== shape.join())
      throw misfit(`${name} is of [${saved.shape.join(", ")}] and not of [${shape.join(", ")}]`);
  }
  const queues = queuesOf(method);
  for (const name of tensors.keys()) if (!live.has(name)) throw misfit(`there is no ${name}`);
  for (const [name, { capacity }] of Object.entries(queues))
    if ((counts.queueRows[name] ?? capacity) >= capacity) throw misfit(`where ${name} goes on is not known`);
  for (const name of Object.keys(prngs))
    if (counts.prngs[name] === undefined) throw misfit(`the stream ${name} is missing`);

  for (const [name, target] of live) {
    const { shape, data } = tensors.get(name) as SavedTensor;
    const value = tf.tensor(data, [...shape]);
    if (target instanceof tf.Variable) {
      target.assign(value);
      value.dispose();
      continue;
    }
    const queue = name.slice(name.indexOf("/") + 1);
    queues[queue]?.replace(knownUnitRows(value as tf.Tensor2D), counts.queueRows[queue] as number);
  }
  for (const [name, prng] of Object.entries(prngs)) prng.restore(counts.prngs[name] as PrngState);
  trainer.optimiser.steps = counts.optimiserSteps;
  trainer.weights.batchesTracked = counts.studentBatches;
  if (meanStudent !== undefined) meanStudent.batchesTracked = counts.meanBatches;
}

/** Whether every number of the student is one: what is not finite does not become so again. */
export function isStudentFinite({ tensors }: Pick<MethodState, "tensors">): boolean {
  for (const [name, { data }] of tensors) {
    if (!name.startsWith("student/")) continue;
    let sum = 0;
    for (const value of data) sum += value - value; // 0, or NaN
    if (sum !== 0) return false;
  }
  return true;
}

function tensorsOf(method: Method): ReadonlyMap<string, tf.Tensor> {
  const { trainer, meanStudent } = method;
  const all = new Map<string, tf.Tensor>();
  const add = (prefix: string, { parameters, buffers }: Weights): void => {
    for (const [name, value] of [...parameters, ...buffers]) all.set(`${prefix}/${name}`, value);
  };
  add("student", trainer.weights);
  if (meanStudent !== undefined) add("mean", meanStudent);
  for (const [kind, slot] of Object.entries(trainer.optimiser.slots))
    for (const [name, value] of slot.all()) all.set(`optimiser/${kind}/${name}`, value);
  for (const [name, queue] of Object.entries(queuesOf(method))) all.set(`queue/${name}`, queue.keys());
  return all;
}

function queuesOf({ queue, memories = {} }: Method): Readonly<Record<string, KeyQueue>> {
  return { ...(queue === undefined ? {} : { keys: queue }), ...memories };
}

function misfit(why: string): AppError {
  return new AppError("file-unreadable", `The checkpoint does not fit its own configuration: ${why}.`, {
    hint: "It is damaged, or of another version of the playground. Start the run again.",
  });
}
