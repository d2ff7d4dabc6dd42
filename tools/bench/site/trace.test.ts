import { expect, test } from "vitest";
import { mainTasks, type TraceEvent } from "./trace.ts";

const span = (name: string, ts: number, dur: number, tid = 1, tdur = dur): TraceEvent => ({
  name,
  ph: "X",
  pid: 7,
  tid,
  ts,
  dur,
  tdur,
});
const thread = (name: string, tid: number): TraceEvent => ({
  name: "thread_name",
  ph: "M",
  pid: 7,
  tid,
  ts: 0,
  args: { name },
});

test("finds the main thread's long turns, what they did, and where the profiler met them", () => {
  const callFrame = { functionName: "draw", url: "http://x/assets/main.js", lineNumber: 0, columnNumber: 40 };
  const events: TraceEvent[] = [
    thread("CrRendererMain", 1),
    thread("DedicatedWorker thread", 2),
    span("RunTask", 1000, 4000),
    span("RunTask", 10_000, 80_000, 1, 30_000),
    span("RunTask", 12_000, 70_000), // a nested loop is the same turn
    span("FunctionCall", 13_000, 50_000),
    span("Layout", 20_000, 35_000),
    span("RunTask", 10_000, 900_000, 2),
    { name: "Profile", ph: "P", pid: 7, tid: 1, ts: 500, id: "0x1", args: { data: { startTime: 500 } } },
    {
      name: "ProfileChunk",
      ph: "P",
      pid: 7,
      tid: 3,
      ts: 95_000,
      id: "0x1",
      args: {
        data: {
          cpuProfile: { nodes: [{ id: 5, callFrame }], samples: [5, 5, 5] },
          timeDeltas: [1500, 20_000, 1000], // at 2000, 22 000 and 23 000
        },
      },
    },
  ];
  const tasks = mainTasks(events, 50);
  expect(tasks).toHaveLength(1);
  expect(tasks[0]).toMatchObject({ startMs: 9.5, wallMs: 80, cpuMs: 30 });
  expect(tasks[0]!.work).toEqual([
    { name: "Layout", ms: 35 },
    { name: "RunTask", ms: 20 },
    { name: "FunctionCall", ms: 15 },
  ]);
  const place = { functionName: "draw", url: "http://x/assets/main.js", line: 0, column: 40 };
  expect(tasks[0]!.places).toEqual([{ place, samples: 2 }]);
  expect(mainTasks(events, 1)).toHaveLength(2);
});
