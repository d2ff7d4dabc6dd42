import * as tf from "../tfjs/tf.ts";

/** One tensor that an optimiser keeps for each parameter, such as its velocities. */
export class ParameterState {
  private readonly tensors = new Map<string, tf.Variable>();

  /** The parameter's; zeros when it is first asked for. */
  of(name: string, parameter: tf.Tensor): tf.Variable {
    let tensor = this.tensors.get(name);
    if (tensor === undefined) {
      tensor = tf.tidy(() => tf.variable(tf.zerosLike(parameter), false));
      this.tensors.set(name, tensor);
    }
    return tensor;
  }

  /** Of every parameter it was asked for. */
  all(): ReadonlyMap<string, tf.Variable> {
    return this.tensors;
  }

  dispose(): void {
    for (const tensor of this.tensors.values()) tensor.dispose();
    this.tensors.clear();
  }
}
