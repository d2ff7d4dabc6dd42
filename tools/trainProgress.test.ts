import { expect, test } from "vitest";
import { formatDuration, formatStatus, TimeLeft } from "./trainProgress.ts";

test("a status says what is known and leaves out what is not", () => {
  const status = {
    step: 10,
    totalSteps: 40,
    loss: 1.23456,
    knn: 0.417,
    imagesPerSecond: 12.3,
    secondsLeft: 95,
  };
  expect(formatStatus(status)).toBe(
    "██████░░░░░░░░░░░░░░░░░░  step 10/40  loss 1.235  kNN 41.7 %  12 images/s  1 min 35 s left",
  );
  expect(formatStatus({ ...status, loss: null, knn: null, imagesPerSecond: null, secondsLeft: null })).toBe(
    "██████░░░░░░░░░░░░░░░░░░  step 10/40",
  );
});

test("durations read as a person would say them", () => {
  expect([0.4, 59.4, 60, 185, 7625].map(formatDuration)).toEqual([
    "0 s",
    "59 s",
    "1 min 00 s",
    "3 min 05 s",
    "2 h 07 min",
  ]);
});

test("time left starts counting at the first step, not before", () => {
  const left = new TimeLeft();
  expect(left.estimate(0, 100, 0)).toBeNull();
  expect(left.estimate(2, 100, 60_000)).toBeNull();
  expect(left.estimate(12, 100, 65_000)).toBe(44); // half a second a step, 88 to go
});
