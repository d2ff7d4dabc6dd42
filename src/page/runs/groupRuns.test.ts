import { expect, test } from "vitest";
import { groupRuns, settingsThatVary } from "./groupRuns.ts";
import { recordOf } from "./testing/recordOf.ts";

const seedsOf = (hiddenWidth: number, seeds: readonly number[]) =>
  seeds.map((seed) => recordOf({ hiddenWidth, seed }));
const runs = [...seedsOf(128, [1, 2, 3]), ...seedsOf(8, [1, 2])];

test("runs that differ in the setting and the seed alone are grouped, values rising", () => {
  const { groups, unlike } = groupRuns(runs, "hiddenWidth");
  expect(
    groups.map(({ runs: alike }) => alike.map(({ config }) => [config.hiddenWidth, config.seed])),
  ).toEqual([
    [
      [8, 1],
      [8, 2],
    ],
    [
      [128, 1],
      [128, 2],
      [128, 3],
    ],
  ]);
  expect(groups[0]?.label).toContain("8");
  expect(unlike).toEqual([]);
});

test("what differs in more is in no group, and it is said in what", () => {
  const others = [
    recordOf({ hiddenWidth: 8, seed: 4, temperature: 0.5 }),
    recordOf({ hiddenWidth: 8, seed: 5 }, { dataFingerprint: "cd34" }),
    recordOf(
      { hiddenWidth: 8, seed: 6 },
      { end: { kind: "stopped" }, last: { ...runs[0]!.last!, step: 12 } },
    ),
  ];
  const { groups, unlike } = groupRuns([others[0]!, ...runs, others[1]!, others[2]!], "hiddenWidth");
  expect(groups.flatMap(({ runs: alike }) => alike)).toHaveLength(5);
  expect(unlike.map(({ differsIn }) => differsIn.map(({ label, value }) => `${label}: ${value}`))).toEqual([
    ["Temperature τ: 0.5"],
    ["Images learnt from: demo cd34"],
    ["Ended: stopped", "Steps taken: 12"],
  ]);
});

test("lengths may differ where it is the length that they are grouped by", () => {
  const short = recordOf({ steps: 40 });
  const long = recordOf({ steps: 80 }, { last: { ...short.last!, step: 80 } });
  const { groups, unlike } = groupRuns([short, long], "steps");
  expect(groups).toHaveLength(2);
  expect(unlike).toEqual([]);
});

test("settings to group by are those that vary, the seed aside", () => {
  expect(settingsThatVary(runs)).toEqual(["hiddenWidth"]);
  expect(settingsThatVary([])).toEqual([]);
  expect(groupRuns([], "steps")).toEqual({ groups: [], unlike: [] });
});
