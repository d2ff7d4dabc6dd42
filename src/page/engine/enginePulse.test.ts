import { expect, test } from "vitest";
import { EnginePulse } from "./enginePulse.ts";

function watch() {
  const told: number[] = [];
  const pulse = new EnginePulse(1000, (silentMs) => told.push(silentMs));
  const pings = (count: number): void => {
    for (let i = 0; i < count; i++) pulse.ping();
  };
  return { told, pulse, pings };
}

test("an engine that answers is never silent, and one that does not is sent a single ping", () => {
  const { told, pulse } = watch();
  for (let i = 0; i < 100; i++) {
    expect(pulse.ping()).toBe(true);
    expect(pulse.ping()).toBe(false);
    pulse.hear();
  }
  expect(told).toEqual([]);
});

test("before its first word it has longer, to be fetched", () => {
  const { told, pings } = watch();
  pings(30);
  expect(told).toEqual([]);
  pings(1);
  expect(told).toEqual([30_000]);
});

test("silence is told until the next word, and forgiven longer after that", () => {
  const { told, pulse, pings } = watch();
  pulse.hear();
  pings(12);
  expect(told).toEqual([10_000, 11_000]);
  pulse.hear();
  expect(told).toEqual([10_000, 11_000, 0]);
  pings(36);
  expect(told).toHaveLength(3);
  pings(1);
  expect(told.at(-1)).toBe(36_000);
  pulse.reset();
  expect(told.at(-1)).toBe(0);
});

test("patience has an end, however long an engine was silent", () => {
  const { told, pulse, pings } = watch();
  pings(1000);
  pulse.hear();
  told.length = 0;
  pings(121);
  expect(told).toEqual([120_000]);
});
