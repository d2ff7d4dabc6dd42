import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { parseKeptAblation } from "../../formats/keptAblation.ts";
import { ablationStore } from "../stores/ablationStore.ts";
import { noticeStore } from "../stores/noticeStore.ts";
import { freshPage, settle, type ScriptedEngine } from "../testing/scriptedEngine.ts";
import { startAblation, stopAblation } from "./ablation.ts";
import { followAblation } from "./keptAblation.ts";

let engine: ScriptedEngine;
let kept: Map<string, string>;
const design = { ...ablationStore.getState().draft, values: [64, 256], seeds: [5], steps: 20 };

beforeEach(() => {
  engine = freshPage();
  kept = new Map();
  vi.stubGlobal("localStorage", {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
  });
  vi.stubGlobal("addEventListener", () => undefined);
});
afterEach(() => vi.unstubAllGlobals());

/** The page as it was when it was left, opened anew. */
async function reload(): Promise<void> {
  engine = freshPage();
  await followAblation();
}

test("what is done and what waits is there after a reload, and the run that was going waits with its id", async () => {
  await followAblation();
  ablationStore.setState({ draft: design });
  const whole = startAblation(engine);
  await settle();
  engine.finish(0.5, 0.7);
  await settle();
  await vi.waitFor(() => expect(parseKeptAblation(kept.get("ablation")!).jobs[1]?.state).toBe("running"));
  const before = ablationStore.getState();
  const stored = kept.get("ablation")!;
  await stopAblation(engine);
  await whole;

  kept.set("ablation", stored);
  await reload();
  const { jobs, status, config, design: restored, draft } = ablationStore.getState();
  expect(status).toBe("stopped");
  expect({ config, restored, draft }).toEqual({ config: before.config, restored: design, draft: design });
  expect(jobs[0]).toEqual(before.jobs[0]);
  expect(jobs[1]).toEqual({ ...before.jobs[1], state: "queued" });
  expect(jobs[1]?.runId).not.toBe("");
  expect(noticeStore.getState().notices.map(({ message }) => message)).toEqual([
    "An ablation was broken off: 1 of 2 runs are left.",
  ]);
  expect(kept.get("ablation")).toBe(stored); // looking at it changes nothing
});

test("a design that came by link stays in the form", async () => {
  await followAblation();
  ablationStore.setState({ draft: design });
  const whole = startAblation(engine);
  await settle();
  await stopAblation(engine);
  await whole;
  await vi.waitFor(() => expect(kept.has("ablation")).toBe(true));

  freshPage();
  const linked = { ...design, values: [8] };
  ablationStore.setState({ draft: linked });
  await followAblation();
  expect(ablationStore.getState()).toMatchObject({ draft: linked, design });
});

test("what cannot be read is said, and nothing comes of it", async () => {
  kept.set("ablation", "{");
  await reload();
  expect(ablationStore.getState().jobs).toEqual([]);
  expect(noticeStore.getState().notices[0]?.message).toMatch(/not valid JSON/);
});
