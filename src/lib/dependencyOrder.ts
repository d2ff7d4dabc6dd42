/**
 * Items with those that each needs before it, in whatever order they are given. Where they need each other in a
 * circle, one of them comes too early.
 *
 * @param neededBy may name items that are not among these; they are passed over.
 */
export function dependencyOrder<T>(items: Iterable<T>, neededBy: (item: T) => Iterable<T>): T[] {
  const left = new Set(items);
  const ordered: T[] = [];
  const waiting = [...left].reverse().map((item) => ({ item, isReady: false }));
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { item, isReady } = next;
    if (isReady) ordered.push(item);
    if (!left.delete(item)) continue;
    waiting.push({ item, isReady: true });
    for (const needed of neededBy(item)) if (left.has(needed)) waiting.push({ item: needed, isReady: false });
  }
  return ordered;
}
