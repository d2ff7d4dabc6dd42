import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatRunFile, type RunFile } from "../contract/runFile.ts";
import { AppError } from "../contract/errors.ts";
import { beforeSettingsExisted } from "../contract/formerDefaults.ts";
import { parseRunFile } from "./runFile.ts";
import { readsOrRefuses, refusalOf } from "./testing/refusal.ts";
import { sampleRun as run } from "./testing/sampleRun.ts";

const altered = (change: (copy: Record<string, object>) => void): string => {
  const copy = structuredClone(run) as unknown as Record<string, object>;
  change(copy);
  return JSON.stringify(copy);
};

describe("run file", () => {
  it("reads back exactly what it writes", () => {
    expect(parseRunFile(formatRunFile(run))).toEqual(run);
    const going: RunFile = { ...run, teacher: null, metrics: { ...run.metrics, end: null, baseline: null } };
    expect(parseRunFile(formatRunFile(going))).toEqual(going);
  });

  it("reads a diverged run, whose last loss is not a number", () => {
    const end = {
      kind: "diverged",
      step: 40,
      message: "loss is NaN",
      hint: "lower the learning rate",
    } as const;
    const diverged: RunFile = { ...run, metrics: { ...run.metrics, end, last: { step: 40, loss: NaN } } };
    expect(parseRunFile(formatRunFile(diverged))).toEqual(diverged);
  });

  it("keeps the live settings that were changed on the way", () => {
    const adjusted: RunFile = {
      ...run,
      adjustments: [
        { step: 10, patch: { learningRate: 0.001 } },
        { step: 25, patch: { temperature: 0.3, distillWeight: 2 } },
      ],
    };
    expect(parseRunFile(formatRunFile(adjusted))).toEqual(adjusted);
    expect(parseRunFile(formatRunFile(run))).not.toHaveProperty("adjustments");
  });

  it("gives a file of before a setting existed what was done then", () => {
    const without = (names: readonly string[]): string =>
      altered((copy) => {
        for (const config of [copy["config"], (copy["plan"] as Record<string, object>)["config"]])
          for (const name of names) Object.assign(config!, { [name]: undefined }); // JSON leaves it out
      });
    const former = beforeSettingsExisted(3);
    expect(former).toMatchObject({ optimiser: "sgd", splitSeed: 3, cachedViews: 0, teacherViews: "same" });
    const { config, plan } = parseRunFile(without(Object.keys(former)));
    expect(config).toEqual({ ...run.config, ...former });
    expect(plan.config).toEqual({ ...run.plan.config, ...former, splitSeed: run.plan.config.seed });
    // What the file does say counts.
    expect(parseRunFile(without(["splitSeed"])).config).toEqual({ ...run.config, splitSeed: 3 });
  });

  it("keeps the labels and how many images have each", () => {
    const labels = ["Hauskatze", "犬", "\u202eeman"];
    const dataset = { ...run.dataset, labels, labelCounts: [5, 4, 1] };
    expect(parseRunFile(formatRunFile({ ...run, dataset })).dataset).toEqual(dataset);
  });

  it("drops what it does not know", () => {
    expect(parseRunFile(altered((copy) => Object.assign(copy, { extra: 1 })))).toEqual(run);
  });

  it.each([
    ["not JSON", "{", /not valid JSON/, ""],
    ["another JSON", "[]", /not a run file/, "expected object"],
    ["a missing part", altered((copy) => delete copy["plan"]), /not a run file/, "plan: "],
    ["a wrong type", altered((copy) => Object.assign(copy, { adapter: 5 })), /not a run file/, "adapter: "],
    [
      "a setting out of range",
      altered((copy) => Object.assign(copy["config"]!, { temperature: 99 })),
      /not a run file/,
      "config.temperature: 99 is outside",
    ],
    [
      "an unknown setting",
      altered((copy) => Object.assign(copy["config"]!, { nonsense: 1 })),
      /not a run file/,
      "config.nonsense: there is no such setting",
    ],
    [
      "a missing setting",
      altered((copy) => delete (copy["config"] as Record<string, unknown>)["hue"]),
      /not a run file/,
      "config.hue: is missing",
    ],
    [
      "an adjustment out of range",
      altered((copy) => Object.assign(copy, { adjustments: [{ step: 3, patch: { temperature: 99 } }] })),
      /not a run file/,
      "adjustments[0].patch.temperature: 99 is outside",
    ],
    [
      "an adjustment at no step",
      altered((copy) => Object.assign(copy, { adjustments: [{ step: -1, patch: {} }] })),
      /not a run file/,
      "adjustments[0].step: ",
    ],
    ["a newer version", altered((copy) => Object.assign(copy, { formatVersion: 2 })), /version 2/, ""],
  ])("refuses %s and says what is wrong", async (_, text, message, detail) => {
    const refusal = await refusalOf(() => parseRunFile(text));
    expect(refusal.message).toMatch(message);
    expect(refusal.details.join("\n")).toContain(detail);
  });

  it("reads or refuses any JSON and any text, and nothing else", async () => {
    const anyPlace = fc.constantFrom(...placesIn(JSON.parse(formatRunFile(run))));
    const anyValue = fc.oneof(
      fc.jsonValue(),
      fc.constantFrom(-1, 2 ** 53, "", "\ud800", "1e999", "__proto__"),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(anyPlace, fc.option(anyValue, { nil: undefined })), { minLength: 1, maxLength: 4 }),
        async (changes) => {
          const copy: unknown = JSON.parse(formatRunFile(run));
          for (const [place, value] of changes) put(copy, place, value);
          await readsOrRefusesInTime(JSON.stringify(copy));
        },
      ),
      { numRuns: 500 },
    );
    const valid = formatRunFile(run);
    const cut = fc.tuple(fc.nat(valid.length), fc.nat(60), fc.string({ maxLength: 10, unit: "binary" }));
    await fc.assert(
      fc.asyncProperty(cut, async ([at, length, other]) => {
        await readsOrRefusesInTime(valid.slice(0, at) + other + valid.slice(at + length));
      }),
      { numRuns: 500 },
    );
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.string({ unit: "binary" }), fc.json()), async (text) => {
        expect(await readsOrRefusesInTime(text)).toBe("refused");
      }),
      { numRuns: 300 },
    );
  });

  it.each([
    ["settings without end", `"config": ${manyKeys("1")}`],
    ["settings nested without end", `"config": ${"[".repeat(500_000)}${"]".repeat(500_000)}`],
    ["objects nested without end", `"config": ${'{"hue":'.repeat(150_000)}1${"}".repeat(150_000)}`],
    ["a version nested without end", `"formatVersion": ${"[".repeat(500_000)}${"]".repeat(500_000)}`],
    ["a setting with a toString of its own", `"config": {"seed": {"toString": 1}}`],
    ["a setting called __proto__", `"config": {"__proto__": {"seed": 1}}`],
    ["a number of a million digits", `"config": {"seed": "${"1".repeat(1_000_000)}x"}`],
    ["a name of a million letters", `"config": {"${"x".repeat(1_000_000)}": 1}`],
    ["a million labels that are none", `"dataset": {"labels": [${"1,".repeat(500_000)}1]}`],
    ["a million versions that are none", `"versions": ${manyKeys("1")}`],
    ["adjustments without end", `"adjustments": [${'{"step":-1,"patch":{"a":1}},'.repeat(40_000)}1]`],
    [
      "figures without end",
      `"metrics": {"evaluations": [${"{},".repeat(300_000)}1], "last": ${manyKeys("{}")}}`,
    ],
  ])("refuses %s within a moment", async (_, part) => {
    // Of two of one name the latter counts.
    const text = formatRunFile(run).replace(/\}\s*$/, () => `, ${part}}`);
    expect(await readsOrRefusesInTime(text)).toBe("refused");
  });
});

/** Above what a machine that is busy otherwise needs for a megabyte, and far below what nobody waits for. */
const mostMs = 5000;

async function readsOrRefusesInTime(text: string): Promise<"read" | "refused"> {
  const startMs = performance.now();
  const outcome = await readsOrRefuses(() => {
    try {
      const file = parseRunFile(text);
      expect(parseRunFile(formatRunFile(file))).toEqual(file);
    } catch (error) {
      if (error instanceof AppError) expect(error.details.join("\n").length).toBeLessThan(5000);
      throw error;
    }
  });
  expect(performance.now() - startMs).toBeLessThan(mostMs);
  return outcome;
}

function manyKeys(value: string): string {
  return `{${Array.from({ length: 100_000 }, (_, i) => `"key ${i}": ${value}`).join(", ")}}`;
}

type Place = readonly (string | number)[];

/** Of every value in a JSON document, the document itself excepted. */
function placesIn(value: unknown, at: Place = []): Place[] {
  const inside = typeof value === "object" && value !== null ? Object.entries(value) : [];
  return inside.flatMap(([key, child]) => [[...at, key], ...placesIn(child, [...at, key])]);
}

/** @param value undefined takes away what is there: JSON leaves it out. */
function put(document: unknown, place: Place, value: unknown): void {
  let parent = document as Record<string, unknown>;
  for (const key of place.slice(0, -1)) {
    const next = parent[key];
    if (typeof next !== "object" || next === null) return; // taken away or replaced by an earlier change
    parent = next as Record<string, unknown>;
  }
  const key = place.at(-1)!;
  parent[key] = value;
}
