import type { InspectedTensor } from "../../contract/teacher.ts";

/**
 * The tensors in whose name, type, shape or use every word of `query` occurs, whatever its case; a shape is found
 * with and without spaces.
 */
export function filterTensors(
  tensors: readonly InspectedTensor[],
  query: string,
): readonly InspectedTensor[] {
  const words = query.toLowerCase().split(/\s+/);
  return tensors.filter(({ name, dtype, shape, use }) => {
    const text = `${name} ${dtype} [${shape.join(",")}] ${use}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
}
