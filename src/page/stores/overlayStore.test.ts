import { beforeEach, expect, test } from "vitest";
import { chooseRun, dismissAllRuns, dismissRun, mostChosen, overlayStore } from "./overlayStore.ts";
import { runHistory, type RunRecord } from "./runHistory.ts";

beforeEach(dismissAllRuns);

test("a run keeps its colour while others come and go, and a colour that is free is given anew", () => {
  for (const runId of ["a", "b", "c"]) chooseRun(runId);
  dismissRun("a");
  expect(overlayStore.getState().slots.slice(0, 4)).toEqual([null, "b", "c", null]);
  chooseRun("d");
  chooseRun("b");
  expect(overlayStore.getState().slots.slice(0, 4)).toEqual(["d", "b", "c", null]);
});

test("an eleventh is refused until one is dismissed", () => {
  for (let i = 0; i <= mostChosen; i++) chooseRun(`r${i}`);
  expect(overlayStore.getState()).toMatchObject({ isRefused: true });
  expect(overlayStore.getState().slots).not.toContain("r10");
  dismissRun("r3");
  chooseRun("r10");
  expect(overlayStore.getState()).toMatchObject({ isRefused: false });
  expect(overlayStore.getState().slots[3]).toBe("r10");
});

test("a run that is deleted is chosen no more", () => {
  chooseRun("gone");
  chooseRun("stays");
  runHistory.setState({ runs: [{ runId: "stays" } as RunRecord] });
  expect(overlayStore.getState().slots.slice(0, 2)).toEqual([null, "stays"]);
});
