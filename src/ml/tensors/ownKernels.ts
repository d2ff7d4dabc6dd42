import { invariant } from "../../lib/invariant.ts";
import * as tf from "../tfjs/tf.ts";

type Run = (inputs: tf.NamedTensorMap, attributes?: Readonly<Record<string, unknown>>) => tf.Tensor[];

/**
 * This project's kernels by these names, where the present backend has them (`improveBackend` registers them, on WebGPU
 * alone); null where losses are to be composed of tfjs's operations. They have no gradients: call them inside `tf.customGrad`.
 */
export function ownKernels<Name extends string>(
  ...names: readonly Name[]
): Readonly<Record<Name, Run>> | null {
  const backend = tf.getBackend();
  const runs = names.map((name) => {
    if ((tf.getKernel(name, backend) as tf.KernelConfig | undefined) === undefined) return null;
    const run: Run = (inputs, attributes) => {
      const results = tf.engine().runKernel<tf.Tensor | tf.Tensor[]>(name, inputs, attributes as never);
      invariant(Array.isArray(results), `${name} gives a list`);
      return results;
    };
    return [name, run] as const;
  });
  if (runs.includes(null)) return null;
  return Object.fromEntries(runs as readonly (readonly [Name, Run])[]) as Record<Name, Run>;
}
