import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { AppError } from "../contract/errors.ts";
import { readRunCheckpoint, writeRunCheckpoint } from "./runCheckpoint.ts";
import { sampleCheckpoint } from "./testing/sampleCheckpoint.ts";

describe("a checkpoint of a run", () => {
  test.each([0, 1, 25])("comes back as it was, to the bit, after %s steps", (step) => {
    const checkpoint = sampleCheckpoint(step);
    const read = readRunCheckpoint(writeRunCheckpoint(checkpoint));
    expect(read.facts).toEqual(checkpoint.facts);
    expect(read.metrics).toEqual(checkpoint.metrics);
    expect([...read.tensors]).toEqual([...checkpoint.tensors]);
  });

  test("cut off anywhere it is refused", () => {
    const whole = writeRunCheckpoint(sampleCheckpoint(3));
    for (let length = 0; length < whole.length; length += 7)
      expect(() => readRunCheckpoint(whole.slice(0, length))).toThrow(AppError);
  });

  test("whatever a byte is changed to, it is read or refused as a file", () => {
    const whole = writeRunCheckpoint(sampleCheckpoint(3));
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.nat(255), fc.nat(255), (at, value, next) => {
        const changed = whole.slice();
        changed[at] = value;
        changed[(at + 1) % changed.length] = next;
        try {
          readRunCheckpoint(changed);
        } catch (error) {
          expect(error).toBeInstanceOf(AppError);
        }
      }),
      { numRuns: 500 },
    );
  });

  const changed = (change: (facts: Record<string, unknown>) => void) => {
    const { facts, ...rest } = sampleCheckpoint(3);
    const other = structuredClone(facts) as unknown as Record<string, unknown>;
    change(other);
    return writeRunCheckpoint({ ...rest, facts: other as unknown as typeof facts });
  };

  test.each([
    [
      "a later version",
      (facts: Record<string, unknown>) => (facts["formatVersion"] = 2),
      /version 2; 1 is read/,
    ],
    [
      "another number of steps",
      (facts: Record<string, unknown>) => (facts["step"] = 4),
      /3 rows of metrics for 4/,
    ],
    [
      "more steps than there are",
      (facts: Record<string, unknown>) => (facts["totalSteps"] = 2),
      /not a checkpoint/,
    ],
    [
      "a setting out of range",
      (facts: Record<string, unknown>) => (facts["config"] = { batchSize: -1 }),
      /not a/,
    ],
    [
      "a stream of three words",
      (facts: Record<string, unknown>) => (facts["streams"] = {}),
      /not a checkpoint/,
    ],
  ])("%s is refused", (_, change, why) => {
    expect(() => readRunCheckpoint(changed(change))).toThrow(why);
  });
});
