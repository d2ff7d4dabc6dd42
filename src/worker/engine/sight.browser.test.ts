import { afterAll, beforeAll, expect, test } from "vitest";
import { defaultConfig, type Config } from "../../contract/config.ts";
import { metricColumns } from "../../contract/metrics.ts";
import type { Engine, EngineEvent } from "../../contract/protocol.ts";
import type { NeighbourLists } from "../../contract/sight.ts";
import * as tf from "../../ml/tfjs/tf.ts";
import { createTestEngine } from "./testing/createTestEngine.ts";

const config: Config = {
  ...defaultConfig,
  imageSize: 16,
  teacherInputSize: 16,
  studentWidth: 4,
  hiddenWidth: 24,
  batchSize: 6,
  queueSize: 30,
  learningRate: 0.1,
  evaluateEvery: 3,
  steps: 6,
};
const demo = { seed: 2, count: 96, size: 24 };

let engine: Engine;
let tensorsBefore: number;
beforeAll(async () => {
  engine = createTestEngine();
  await engine.request("openBackend", { choice: "wasm" });
  await engine.request("drawDemo", demo);
  tensorsBefore = (await engine.request("memory", null)).tensors;
  await engine.request("loadTeacher", { kind: "bundled" });
});
afterAll(() => tf.setBackend("cpu"));

const ask = (index: number): Promise<NeighbourLists> =>
  engine.request("neighbours", { query: { kind: "image", index }, config, count: 5 });

/** Resolves at the first event that `isIt`; events until then. */
function follow(isIt: (event: EngineEvent) => boolean): Promise<readonly EngineEvent[]> {
  const events: EngineEvent[] = [];
  return new Promise((resolve) => {
    const unsubscribe = engine.subscribe((event) => {
      events.push(event);
      if (!isIt(event)) return;
      unsubscribe();
      resolve(events);
    });
  });
}

/** A whole run; `each` is told of every event. */
async function run(
  runId: string,
  paused: boolean,
  each: (event: EngineEvent) => void,
  settings = config,
): Promise<readonly EngineEvent[]> {
  const over = follow((event) => {
    each(event);
    return event.type === "runEnded";
  });
  await engine.request("startRun", { runId, config: settings, paused });
  return over;
}

const lossesOf = (events: readonly EngineEvent[]): number[] =>
  events.flatMap((event) =>
    event.type === "metrics" ? [...event.rows].filter((_, i) => i % metricColumns.length === 1) : [],
  );

async function whole(): Promise<NeighbourLists> {
  for (;;) {
    const changed = follow(({ type }) => type === "neighboursChanged");
    const lists = await ask(3);
    if (lists.before !== null && lists.teacher !== null) return lists;
    await changed;
  }
}

test("neighbours are known before a run, change with it, and never include the image itself", async () => {
  const ahead = await whole();
  expect(ahead).toMatchObject({ now: null, step: null });
  for (const list of [ahead.before!, ahead.teacher!]) {
    expect(list.length).toBe(5);
    expect(list.every(({ index }) => index !== 3)).toBe(true);
    expect(list.map(({ similarity }) => similarity)).toEqual(
      list.map(({ similarity }) => similarity).sort((a, b) => b - a),
    );
  }

  const during: NeighbourLists[] = [];
  await run("first", false, (event) => {
    if (event.type === "evaluation" && event.evaluation.step === 3)
      void ask(3).then((lists) => during.push(lists));
  });
  expect(during[0]).toMatchObject({ step: 3 });
  const after = await ask(3);
  expect(after.step).toBe(6);
  expect(after.now!.length).toBe(5);
  // The run's judge finds of the untrained student what was found before the run.
  expect(after.before!.map(({ index }) => index)).toEqual(ahead.before!.map(({ index }) => index));
  expect(after.teacher!.map(({ index }) => index)).toEqual(ahead.teacher!.map(({ index }) => index));

  // A picture that is one of the set's is nearest to itself.
  const { pixels } = await engine.request("thumbnails", { indices: [3], side: 24 });
  const rgb = new Uint8Array(pixels.filter((_, i) => i % 4 !== 3));
  const given = await engine.request("neighbours", {
    query: { kind: "picture", side: 24, rgb },
    config,
    count: 3,
  });
  expect(given.before).toBeNull();
  expect(given.now![0]).toMatchObject({ index: 3 });
  expect(given.teacher![0]).toMatchObject({ index: 3 });
});

/** How many there are once networks are measured and the run is kept, which goes on while it is paused. */
async function tensorsAtRest(): Promise<number> {
  for (let before = -1; ;) {
    const { tensors } = await engine.request("memory", null);
    if (tensors === before) return tensors;
    before = tensors;
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
}

test("a step taken apart changes nothing: the later losses are the same, and no tensor is left", async () => {
  const plain = await run("plain", false, () => undefined);
  const pictures = plain.flatMap((event) => (event.type === "pictures" ? [event.pictures] : []));
  expect(pictures.slice(0, 3).map(({ step }) => step)).toEqual([1, 2, 3]);

  const over = follow(({ type }) => type === "runEnded");
  await engine.request("startRun", { runId: "replayed", config, paused: true });
  await expect(engine.request("replayStep", { runId: "replayed" })).rejects.toMatchObject({
    code: expect.stringMatching("busy|not-found") as string,
  });
  const steppedTo = (wanted: number): Promise<unknown> =>
    follow((event) => event.type === "runState" && event.state === "paused" && event.step === wanted);
  for (const step of [1, 2]) {
    const stepped = steppedTo(step);
    await engine.request("stepRun", { runId: "replayed" });
    await stepped;
  }
  const warm = await engine.request("replayStep", { runId: "replayed" });
  const tensors = await tensorsAtRest();
  const replay = await engine.request("replayStep", { runId: "replayed" });
  expect((await engine.request("memory", null)).tensors).toBe(tensors);
  expect(replay).toEqual(warm);

  expect(replay.pictures).toEqual(pictures[1]);
  for (const pair of [replay.student, replay.meanStudent!, replay.teacher!])
    for (const row of pair) expect(Math.hypot(...row)).toBeCloseTo(1, 4);
  expect(replay.student[0]).not.toEqual(replay.student[1]);
  expect(replay.teacher![0]).toEqual(replay.teacher![1]); // of the plain image, both
  expect(replay.queue!.size).toBe(30);
  expect(replay.queue!.nearestSimilarity).toBeGreaterThan(replay.queue!.meanSimilarity);
  expect(replay.queue!.nearestSimilarity).toBeLessThan(1);

  await engine.request("resumeRun", { runId: "replayed" });
  expect(lossesOf(await over)).toEqual(lossesOf(plain));
});

test("a run that starts while untrained students embed the set is not kept waiting, and nothing is left behind", async () => {
  const other = { ...config, seed: 99 };
  await engine.request("neighbours", { query: { kind: "image", index: 0 }, config: other, count: 3 });
  const events = await run("second", false, () => undefined);
  expect(events.at(-1)).toMatchObject({ type: "runEnded", end: { kind: "finished" } });
  await engine.request("clearImages", { size: 24 });
  await engine.request("dropTeacher", null);
  expect((await engine.request("memory", null)).tensors).toBe(tensorsBefore);
  await engine.request("drawDemo", demo);
  await engine.request("loadTeacher", { kind: "bundled" });
  expect(lossesOf(events).length).toBe(6);
});

test("an earlier student answers from its file as it did in its run, of pictures too, until a run begins", async () => {
  await run("earlier", false, () => undefined);
  const { bytes: weights } = await engine.request("exportStudent", { runId: "earlier", withHead: true });
  const inItsRun = (await ask(3)).now!;
  const other = { ...config, learningRate: 0.01 };
  await run("later", false, () => undefined, other);
  const later = (await ask(3)).now!;
  expect(later).not.toEqual(inItsRun);

  const lookThrough = (patch: Partial<Config>): Promise<null> =>
    engine.request("lookThrough", {
      student: { weights: new Uint8Array(weights), settings: { ...config, ...patch }, step: 6 },
    });
  await expect(lookThrough({ studentWidth: 8 })).rejects.toMatchObject({ code: "teacher-mismatch" });
  await lookThrough({});
  for (let lists = await ask(3); ; lists = await ask(3)) {
    if (lists.now === null) {
      await follow(({ type }) => type === "neighboursChanged");
      continue;
    }
    expect(lists.step).toBe(6);
    expect(lists.now.map(({ index }) => index)).toEqual(inItsRun.map(({ index }) => index));
    lists.now.forEach(({ similarity }, i) => expect(similarity).toBeCloseTo(inItsRun[i]!.similarity, 4));
    break;
  }
  const { pixels } = await engine.request("thumbnails", { indices: [3], side: 24 });
  const rgb = new Uint8Array(pixels.filter((_, i) => i % 4 !== 3));
  const query = { kind: "picture", side: 24, rgb } as const;
  expect((await engine.request("neighbours", { query, config, count: 1 })).now![0]).toMatchObject({
    index: 3,
  });

  await engine.request("lookThrough", { student: null });
  expect((await ask(3)).now).toEqual(later);
  await lookThrough({});
  await run("last", false, () => undefined, other);
  expect((await ask(3)).now).toEqual(later); // the same settings and seed
});
