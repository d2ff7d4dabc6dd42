import { describe, expect, test } from "vitest";
import { parseConfigPatch } from "../../contract/config.ts";
import { readRecordings } from "../../../tools/verdictRecordings.ts";
import { replay, scoreOf } from "./testing/replay.ts";

const replays = readRecordings().map(replay);

test("there are enough recordings, a third of them held out", () => {
  expect(replays.length).toBeGreaterThanOrEqual(40);
  const held = replays.filter(({ recording }) => recording.set === "held");
  expect(held.length).toBeGreaterThanOrEqual(replays.length / 3);
});

describe.each(["tune", "held"] as const)("of the runs in “%s”", (set) => {
  const some = replays.filter(({ recording }) => recording.set === set);
  const score = scoreOf(some);

  test("nine in ten are judged rightly within their first fifth", () => {
    const wrong = some.filter(({ isEarlyRight }) => !isEarlyRight);
    expect(
      score.earlyRight / score.runs,
      wrong.map(({ recording, early }) => `${recording.name}: ${early}`).join("\n"),
    ).toBeGreaterThanOrEqual(0.9);
  });

  test("nine in ten are judged rightly at their end", () => {
    const wrong = some.filter(({ isLateRight }) => !isLateRight);
    expect(
      score.lateRight / score.runs,
      wrong.map(({ recording, late }) => `${recording.name}: ${late}`).join("\n"),
    ).toBeGreaterThanOrEqual(0.9);
  });

  test("healthy ones are warned of in at most one moment of fifty", () => {
    expect(score.alarms / score.healthyMoments).toBeLessThanOrEqual(0.02);
  });
});

test("words keep to their length and are whole, and changes are settings there are", () => {
  for (const { moments } of replays)
    for (const { verdict } of moments) {
      expect(verdict.headline.length).toBeLessThanOrEqual(40);
      expect(verdict.evidence).toMatch(/\S/);
      expect(parseConfigPatch({ ...verdict.change }).problems).toEqual([]);
      expect(`${verdict.evidence} ${verdict.advice}`).not.toMatch(/NaN|undefined|null|Infinity/);
    }
});
