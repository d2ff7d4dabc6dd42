import { expect, test } from "vitest";
import { KeepClock } from "./keepClock.ts";

function dueTimes(everyMs: number, costMs: number, forMs: number): number[] {
  let nowMs = 0;
  const clock = new KeepClock(everyMs, () => nowMs);
  const due: number[] = [];
  while (nowMs < forMs) {
    nowMs += 50;
    if (!clock.isDue()) continue;
    due.push(nowMs);
    const startMs = nowMs;
    nowMs += costMs;
    clock.taken(startMs);
  }
  return due;
}

test("the first comes early, the others at their interval", () => {
  const [first, second, third] = dueTimes(20_000, 10, 60_000);
  expect(first).toBe(2000);
  expect(second! - first!).toBeGreaterThanOrEqual(20_000);
  expect(second! - first!).toBeLessThan(20_200);
  expect(third! - second!).toBeLessThan(20_200);
});

test("whatever they cost, they take at most 2 % of the time", () => {
  const forMs = 1_000_000;
  for (const costMs of [1, 200, 1000, 5000]) {
    const due = dueTimes(1000, costMs, forMs);
    expect(due.length).toBeGreaterThan(2);
    expect(((due.length - 1) * costMs) / (due.at(-1)! - due[0]!)).toBeLessThanOrEqual(0.02);
  }
});

test("one that waits for an evaluation does not wait for ever", () => {
  let nowMs = 0;
  const clock = new KeepClock(5000, () => nowMs);
  nowMs = 2000;
  expect([clock.isDue(), clock.isDue(true)]).toEqual([true, false]);
  nowMs = 7000;
  expect(clock.isDue(true)).toBe(true);
});

test("never is never", () => {
  expect(dueTimes(Infinity, 1, 100_000)).toEqual([]);
});
