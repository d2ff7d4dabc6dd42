import { AppError } from "../../contract/errors.ts";
import type { NamedShape, StateDictMismatch } from "../../contract/tensorFact.ts";
import { stateDictSpec, type Network } from "./network.ts";

/** Tensors by name, of which only the shape matters here. */
export type Shapes = ReadonlyMap<string, { readonly shape: readonly number[] }>;

/** Compares a state dict with what a network needs: exactly its tensors; `num_batches_tracked` may be absent. */
export function compareStateDict(network: Network, state: Shapes): StateDictMismatch {
  const specs = stateDictSpec(network);
  const missing: NamedShape[] = [];
  const wrongShape: (NamedShape & { expected: readonly number[] })[] = [];
  for (const { name, shape: expected, role } of specs) {
    const found = state.get(name);
    if (found === undefined) {
      if (role !== "batchesTracked") missing.push({ name, shape: expected });
    } else if (found.shape.join() !== expected.join()) {
      wrongShape.push({ name, shape: found.shape, expected });
    }
  }
  const known = new Set(specs.map(({ name }) => name));
  const unexpected = [...state]
    .filter(([name]) => !known.has(name))
    .map(([name, { shape }]) => ({ name, shape }));
  return { missing, unexpected, wrongShape };
}

/** @returns null when there is no mismatch. */
export function mismatchError(network: Network, mismatch: StateDictMismatch): AppError | null {
  const details = [
    ...mismatch.missing.map(({ name, shape }) => `missing: ${name} [${shape.join(", ")}]`),
    ...mismatch.wrongShape.map(
      ({ name, shape, expected }) =>
        `wrong shape: ${name} is [${shape.join(", ")}], expected [${expected.join(", ")}]`,
    ),
    ...mismatch.unexpected.map(({ name, shape }) => `unexpected: ${name} [${shape.join(", ")}]`),
  ];
  if (details.length === 0) return null;
  const tensors = details.length === 1 ? "1 tensor does" : `${details.length} tensors do`;
  return new AppError("teacher-mismatch", `${tensors} not fit ${network.title}`, {
    hint: "Weights are loaded whole or not at all. Check that the file holds this architecture with its projection head.",
    details,
  });
}
