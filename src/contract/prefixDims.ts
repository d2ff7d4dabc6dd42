/** Fewer dimensions tell hardly anything apart. */
const fewestDims = 4;

/**
 * The lengths to which an embedding of `dim` dimensions is cut where its prefixes learn or are measured: the powers of two
 * from 4 on that are shorter, and all of it. Rising.
 */
export function prefixDims(dim: number): readonly number[] {
  const dims: number[] = [];
  for (let length = fewestDims; length < dim; length *= 2) dims.push(length);
  return [...dims, dim];
}
