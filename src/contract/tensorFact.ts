/** What a file says of one of its tensors. */
export interface TensorFact {
  /** As in the file. */
  readonly name: string;
  /** The type its values are used in: "float32", "bfloat16", "int64" … */
  readonly dtype: string;
  /** The type its bytes are in, where they are unpacked on reading. */
  readonly storedAs?: string;
  readonly shape: readonly number[];
  /** Its torchvision name, where it belongs to the network. */
  readonly as?: string;
  /** Why it is left out. */
  readonly ignored?: string;
}

export interface NamedShape {
  readonly name: string;
  readonly shape: readonly number[];
}

/** What keeps a state dict from being a network's; three empty lists when it fits. */
export interface StateDictMismatch {
  /** Asked for by the network, not in the file. */
  readonly missing: readonly NamedShape[];
  /** In the file, unknown to the network. */
  readonly unexpected: readonly NamedShape[];
  readonly wrongShape: readonly (NamedShape & { readonly expected: readonly number[] })[];
}
