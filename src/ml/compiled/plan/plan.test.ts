import { expect, test } from "vitest";
import { createPrng } from "../../../lib/prng.ts";
import { asSlice, shareBuffers, type PlanTensor } from "./plan.ts";

const tensor = (label: string, size: number, persistent = false): PlanTensor => ({ label, size, persistent });
const launch = (...tensors: PlanTensor[]): { operands: ReturnType<typeof asSlice>[] } => ({
  operands: tensors.map(asSlice),
});

test("a chain needs two buffers, however long", () => {
  const chain = Array.from({ length: 9 }, (_, i) => tensor(`t${i}`, 100));
  const launches = chain.slice(1).map((next, i) => launch(chain[i]!, next));
  expect(shareBuffers(chain, launches)).toHaveLength(2);
});

test("what is kept shares with nothing that comes later; persistent tensors are not shared at all", () => {
  const [a, b, c, d] = [tensor("a", 10), tensor("b", 10), tensor("c", 10), tensor("d", 10, true)];
  const launches = [launch(a, d), launch(b, d), launch(c, d)];
  expect(shareBuffers([a, b, c, d], launches)).toHaveLength(1);
  const shared = shareBuffers([a, b, c, d], launches, new Set([a]));
  expect(shared.map(({ tensors }) => tensors.map(({ label }) => label))).toEqual([["a"], ["b", "c"]]);
});

test("tensors of one buffer are never alive together, and fit", () => {
  const prng = createPrng(1, "plans");
  for (let round = 0; round < 50; round++) {
    const tensors = Array.from({ length: 30 }, (_, i) => tensor(`t${i}`, 1 + prng.integer(1000)));
    const launches = Array.from({ length: 20 }, () =>
      launch(tensors[prng.integer(30)]!, tensors[prng.integer(30)]!, tensors[prng.integer(30)]!),
    );
    const lives = (of: PlanTensor): number[] =>
      launches.flatMap(({ operands }, i) => (operands.some(({ tensor }) => tensor === of) ? [i] : []));
    for (const { size, tensors: sharing } of shareBuffers(tensors, launches)) {
      const spans = sharing
        .map((of) => ({ first: Math.min(...lives(of)), last: Math.max(...lives(of)) }))
        .sort((x, y) => x.first - y.first);
      spans.slice(1).forEach((span, i) => expect(span.first).toBeGreaterThan(spans[i]!.last));
      for (const of of sharing) expect(of.size).toBeLessThanOrEqual(size);
    }
  }
});
