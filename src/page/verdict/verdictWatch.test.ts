import { afterEach, expect, test, vi } from "vitest";
import { defaultConfig } from "../../contract/config.ts";
import { announceMetrics, metricLogOf } from "../metrics/metricArchive.ts";
import { beginRun, runStore } from "../stores/runStore.ts";
import { onVerdict, presentVerdict } from "./verdictWatch.ts";

afterEach(() => vi.useRealTimers());

test("the present run is judged twice a second at most, and only while somebody listens", async () => {
  vi.useFakeTimers();
  const heard = vi.fn();
  const stop = onVerdict(heard);
  await vi.dynamicImportSettled();
  expect(presentVerdict().kind).toBe("waiting");
  beginRun("watched", defaultConfig);
  for (let step = 1; step <= 40; step++) {
    metricLogOf("watched").append(new Float32Array([step, 60, 3, 3, step / 100, 0.05, 900, step]));
    announceMetrics();
    vi.advanceTimersByTime(50); // 2 s in all
  }
  expect(heard.mock.calls.length).toBeGreaterThanOrEqual(3);
  expect(heard.mock.calls.length).toBeLessThanOrEqual(5);
  expect(presentVerdict().kind).toBe("learning");

  const told = heard.mock.calls.length;
  stop();
  runStore.setState({ end: { kind: "stopped" } });
  vi.advanceTimersByTime(2000);
  expect(heard.mock.calls.length).toBe(told);
  onVerdict(heard)();
});

test("a verdict that says the same is the same object", async () => {
  vi.useFakeTimers();
  const stop = onVerdict(() => undefined);
  await vi.dynamicImportSettled();
  vi.advanceTimersByTime(1000);
  const before = presentVerdict();
  announceMetrics();
  vi.advanceTimersByTime(1000);
  expect(presentVerdict()).toBe(before);
  stop();
});
