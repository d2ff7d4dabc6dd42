/**
 * A queue kept as a list, oldest key first, as the ring it would be: row r holds the key that was written there last.
 *
 * @param rows [K, dim], oldest first.
 * @param written keys since the start, when row 0 was the oldest.
 */
export function ringOrder(rows: Float32Array, dim: number, written: number): Float32Array {
  const next = (written * dim) % rows.length;
  const ring = new Float32Array(rows.length);
  ring.set(rows.subarray(0, rows.length - next), next);
  ring.set(rows.subarray(rows.length - next), 0);
  return ring;
}
