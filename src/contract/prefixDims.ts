import type { Config } from "./config.ts";
import { methodUses } from "./methods.ts";

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

/** Whether a run's embeddings are nested: every prefix learns, and is measured at each evaluation. */
export function isNested({ nested, method }: Config): boolean {
  return nested === "on" && methodUses(method, "nested");
}
