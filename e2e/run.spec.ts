import { createPictureFolder, type TestFolder } from "./testImages.ts";
import { expect, test } from "./playground.ts";

let pictures: TestFolder;
test.beforeAll(() => {
  pictures = createPictureFolder();
});
test.afterAll(() => pictures.remove());

test("a folder dropped from the desktop trains, pauses, steps, goes on and stops", async ({ playground }) => {
  await playground.open({ data: "own", method: "mocov2", steps: 1000 });
  expect((await playground.snapshot()).backend).toMatchObject({ chosen: "webgpu", software: true });
  await playground.dropFromDesktop(pictures.path);
  const { dataset } = await playground.until((snapshot) => snapshot.dataset?.kind === "own");
  expect(dataset).toMatchObject({
    count: pictures.count,
    labels: ["discs", "stripes"],
    labelCounts: [24, 24],
  });

  await playground.click("start");
  await playground.until(({ run }) => run.state === "running" && run.step >= 1);

  await playground.click("pause");
  const paused = (await playground.untilRun("paused")).run.step;
  await playground.page.waitForTimeout(3000);
  expect((await playground.snapshot()).run.step).toBe(paused);

  await playground.click("step");
  await playground.until(({ run }) => run.step > paused && run.state === "paused");
  await playground.page.waitForTimeout(2000);
  expect((await playground.snapshot()).run).toMatchObject({ step: paused + 1, state: "paused" });

  await playground.click("start");
  await playground.until(({ run }) => run.step >= paused + 2);
  await playground.click("stop");
  const { run } = await playground.untilRun("ended");
  expect(run.end).toEqual({ kind: "stopped" });
  expect(Number.isFinite(run.last?.loss)).toBe(true);
});

test("DisCo with the bundled teacher: losses arrive, nothing leaks, the result comes out as files", async ({
  playground,
}) => {
  await playground.open({ data: "own", steps: 4 });
  await playground.page.getByTestId("folder-input").setInputFiles(pictures.path);
  await playground.until((snapshot) => snapshot.dataset?.count === pictures.count);

  // Step by step, so that tensors are counted between steps and never inside one.
  await playground.click("step");
  await playground.until(({ run }) => run.state === "paused" && run.step === 1);
  // The fixed lines are measured while the run is paused; the teacher's comes last.
  await playground.until(
    ({ run }) => run.evaluations.length > 0 && typeof run.baseline?.teacherKnn === "number",
  );
  const tensors = [(await playground.memory()).tensors];
  for (const step of [2, 3]) {
    await playground.click("step");
    await playground.until(({ run }) => run.state === "paused" && run.step === step);
    tensors.push((await playground.memory()).tensors);
  }
  expect(new Set(tensors).size, `tensors after steps 1 to 3: ${tensors.join(", ")}`).toBe(1);

  await playground.click("start");
  const { run } = await playground.untilRun("ended");
  expect(run.end).toEqual({ kind: "finished" });
  expect(run.step).toBe(4);
  expect(run.last?.distillation).toBeGreaterThan(0);
  expect(run.last?.distillation).toBeLessThanOrEqual(8);
  expect(run.last?.contrastive).toBeGreaterThan(0);
  expect(run.evaluations.at(-1)?.knn).not.toBeNull();
  expect(run.baseline?.teacherKnn).not.toBeNull();
});
