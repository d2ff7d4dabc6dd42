import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { TeacherInspection } from "../../contract/teacher.ts";
import { FakeWorker } from "../../lib/testing/fakeWorker.ts";
import { createTeacherInspector } from "./teacherInspector.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function open() {
  const workers: FakeWorker[] = [];
  const inspector = createTeacherInspector(() => {
    const worker = new FakeWorker();
    workers.push(worker);
    return worker;
  });
  return { inspector, workers };
}
const file = (bytes: number): File => ({ name: "model.pth", size: bytes }) as File;
const inspection = { format: "pytorch" } as TeacherInspection;

test("an answer comes from a worker that is ended after it", async () => {
  const { inspector, workers } = open();
  const asked = inspector.inspect([file(3)]);
  workers[0]!.say({ id: 1, ok: true, output: inspection });
  expect(await asked).toBe(inspection);
  expect(workers[0]!.terminated).toBe(true);
  const refused = inspector.inspect([file(3)]);
  workers[1]!.say({ id: 1, ok: false, error: { code: "file-refused", message: "no" } });
  await expect(refused).rejects.toMatchObject({ code: "file-refused", message: "no" });
  expect(workers[1]!.terminated).toBe(true);
});

test("a file that keeps its reader busy ends it, a large one later", async () => {
  const { inspector, workers } = open();
  const small = inspector.inspect([file(1000)]);
  small.catch(() => undefined);
  await vi.advanceTimersByTimeAsync(20_100);
  await expect(small).rejects.toMatchObject({
    code: "file-refused",
    message: "“model.pth” kept its reader busy for 20 seconds, so it was ended.",
  });
  expect(workers[0]!.terminated).toBe(true);
  const large = inspector.inspect([file(2e9)]);
  large.catch(() => undefined);
  await vi.advanceTimersByTimeAsync(119_000);
  expect(workers[1]!.terminated).toBe(false);
  await vi.advanceTimersByTimeAsync(2000);
  await expect(large).rejects.toMatchObject({ code: "file-refused" });
});

test("other files, or a change of mind, end it", async () => {
  const { inspector, workers } = open();
  const first = inspector.inspect([file(3)]);
  const second = inspector.inspect([file(3)]);
  await expect(first).rejects.toMatchObject({ code: "cancelled" });
  inspector.cancel();
  await expect(second).rejects.toMatchObject({ code: "cancelled" });
  expect(workers.map(({ terminated }) => terminated)).toEqual([true, true]);
  inspector.cancel();
});
