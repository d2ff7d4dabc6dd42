import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Config, Setting } from "../../contract/config.ts";
import { defaultConfig, settingNames, settings } from "../../contract/config.ts";
import { presets } from "../../contract/presets.ts";
import { describeProblems, formatLink, longestLink, parseLink } from "./shareLink.ts";

/** Any valid value of a setting. */
function valueOf(setting: Setting): fc.Arbitrary<number | string> {
  if (setting.kind === "choice") return fc.constantFrom(...Object.keys(setting.options));
  return setting.integer
    ? fc.integer({ min: setting.min, max: setting.max })
    : fc.double({ min: setting.min, max: setting.max, noNaN: true });
}
const anyConfig = fc.record(
  Object.fromEntries(settingNames.map((name) => [name, valueOf(settings[name])])),
) as fc.Arbitrary<unknown> as fc.Arbitrary<Config>;

describe("share link", () => {
  test("the defaults give a short link that still holds the seed", () => {
    expect(formatLink(defaultConfig)).toBe("v=2&seed=1");
  });

  test("holds what differs, the backend when overridden, and which images", () => {
    const link = formatLink({ ...defaultConfig, learningRate: 0.02, seed: 3, data: "own" }, "wasm", {
      name: "my: cats & dogs.zip",
      fingerprint: "0123456789abcdef",
    });
    expect(link).toBe(
      "v=2&data=own&learningRate=0.02&seed=3&backend=wasm&dataset=my%20%20cats%20%26%20dogs.zip%3A0123456789ab",
    );
    expect(parseLink(`#${link}`)).toEqual({
      patch: { data: "own", learningRate: 0.02, seed: 3 },
      backend: "wasm",
      dataset: { name: "my  cats & dogs.zip", fingerprint: "0123456789ab" },
      teacher: null,
      data: null,
      view: null,
      design: null,
      problems: [],
    });
  });

  test("holds an ablation's design where it is not the usual one, as far as there is room", () => {
    const usual = presets.bottleneck.design;
    const design = { ...usual, axis: "method", values: ["mocov2", "disco"], withTeacherless: true } as const;
    const link = formatLink(defaultConfig, "auto", null, {}, "ablation", design);
    expect(link).toBe("v=2&seed=1&view=ablation&ablation=method~mocov2_disco~1_2_3~200~teacherless");
    expect(parseLink(link)).toMatchObject({ design, view: "ablation", problems: [] });
    expect(formatLink(defaultConfig, "auto", null, {}, "train", usual)).toBe("v=2&seed=1");
    expect(parseLink("ablation=method~magic~1~2&seed=4")).toMatchObject({
      design: null,
      patch: { seed: 4 },
      problems: [{ name: "ablation" }],
    });
  });

  test("every configuration comes back exactly and fits", () => {
    fc.assert(
      fc.property(anyConfig, fc.string({ maxLength: 300, unit: "binary" }), (config, name) => {
        const link = formatLink(config, "webgpu", { name: `n\ud800${name}`, fingerprint: "00ff00ff00ff" });
        expect(link.length).toBeLessThanOrEqual(longestLink);
        const parsed = parseLink(link);
        expect(parsed.problems).toEqual([]);
        expect({ ...defaultConfig, ...parsed.patch }).toEqual(config);
        expect(parsed.dataset?.fingerprint).toBe("00ff00ff00ff");
      }),
    );
  });

  test("carries where teacher and images can be downloaded, as far as there is room", () => {
    const teacher = { address: "https://hub.example/a b/model.json?x=1&y=2", sha256: "0a".repeat(32) };
    const data = { address: "https://data.example/pictures.zip", sha256: null };
    const link = formatLink(defaultConfig, "auto", null, { teacher, data });
    expect(parseLink(`#${link}`)).toMatchObject({
      teacher: { ...teacher, address: "https://hub.example/a%20b/model.json?x=1&y=2" },
      data,
      problems: [],
    });
    const long = { address: `https://hub.example/${"é".repeat(900)}`, sha256: null };
    const short = formatLink(defaultConfig, "auto", null, { teacher: long, data });
    expect(short.length).toBeLessThanOrEqual(longestLink);
    expect(parseLink(short)).toMatchObject({ teacher: null, data });
  });

  test.each([
    ["teacherFrom=javascript:alert(1)", "teacherFrom"],
    ["teacherFrom=http://hub.example/x", "teacherFrom"],
    ["dataFrom=nowhere", "dataFrom"],
    ["teacherFrom=https://hub.example/x&teacherHash=12", "teacherHash"],
  ])("an address that is none is reported: %s", (text, name) => {
    expect(parseLink(text)).toMatchObject({ teacher: null, data: null, problems: [{ name }] });
  });

  test("junk is reported and what is understood is kept", () => {
    const parsed = parseLink(
      "#v=2&seed=7&seed=8&learningRate=fast&nonsense=1&epochs=2.5&backend=abacus&dataset=x",
    );
    expect(parsed.patch).toEqual({ seed: 7 });
    expect(parsed.backend).toBeNull();
    expect(parsed.dataset).toBeNull();
    expect(parsed.problems.map(({ name }) => name).sort()).toEqual([
      "backend",
      "dataset",
      "epochs",
      "learningRate",
      "nonsense",
      "seed",
    ]);
  });

  test("names of Object's own do not pass as settings", () => {
    const parsed = parseLink("#__proto__=1&constructor=2&toString=3&hasOwnProperty=4");
    expect(parsed.patch).toEqual({});
    expect(parsed.problems).toHaveLength(4);
    expect(({} as Record<string, unknown>)["1"]).toBeUndefined();
  });

  test("of a newer version what is understood is kept, and the rest is named", () => {
    const { patch, problems } = parseLink("#v=9&seed=5&gravity=2");
    expect(patch).toEqual({ seed: 5 });
    expect(problems.map(({ name }) => name)).toEqual(["v", "gravity"]);
  });

  test("a link of the first version means the defaults of its time", () => {
    expect(parseLink("#v=1&seed=5&learningRate=0.1").patch).toMatchObject({
      student: "resnet18",
      optimiser: "sgd",
      learningRate: 0.1,
      seed: 5,
      splitSeed: 5, // the seed chose the images that are held out, too
    });
    expect(parseLink("#v=1&splitSeed=7").patch).toMatchObject({ splitSeed: 7 });
    expect(parseLink("#v=1").patch).toMatchObject({ splitSeed: defaultConfig.seed });
  });

  test("an endless link is not read at all", () => {
    expect(parseLink(`#seed=5&x=${"y".repeat(5000)}`)).toMatchObject({
      patch: {},
      problems: [{ name: "link" }],
    });
  });

  test("no text whatever throws, and what is said about it stays short", () => {
    const anyText = fc.oneof(
      fc.string({ unit: "binary", maxLength: 2500 }),
      fc
        .array(fc.tuple(fc.constantFrom(...settingNames, "v", "dataset", "%E0%A4%A"), fc.string()))
        .map((pairs) => pairs.map(([name, value]) => `${name}=${value}`).join("&")),
    );
    fc.assert(
      fc.property(anyText, (text) => {
        const lines = describeProblems(parseLink(`#${text}`).problems);
        expect(lines.length).toBeLessThanOrEqual(7);
        for (const line of lines) expect(Array.from(line).length).toBeLessThanOrEqual(202);
      }),
      { numRuns: 500 },
    );
  });

  test.each(["1e400", "NaN", "1_000", "5,0", "１２", "٥", "12abc", "1e", ".", "--5", "", " "])(
    "takes %j for no number",
    (text) => {
      const { patch, problems } = parseLink(`#batchSize=${encodeURIComponent(text)}`);
      expect(patch).toEqual({});
      expect(problems).toEqual([{ name: "batchSize", message: `${JSON.stringify(text)} is not a number` }]);
    },
  );

  test.each(["0x10", "0b1", "0o7", "Infinity", "-Infinity"])("reads plain decimals only, not %s", (text) => {
    const { patch, problems } = parseLink(`#batchSize=${text}`);
    expect(patch).toEqual({});
    expect(problems[0]?.message).toBe(`"${text}" is not a number in plain decimals`);
  });

  test.each([
    ["weightDecay=1e-5", { weightDecay: 1e-5 }],
    ["weightDecay=5E-7", { weightDecay: 5e-7 }],
    ["temperature=1.", { temperature: 1 }],
    ["temperature=.5", { temperature: 0.5 }],
    ["temperature=0.50", { temperature: 0.5 }],
    ["batchSize=%2B16", { batchSize: 16 }],
  ])("reads %s", (link, patch) => {
    expect(parseLink(`#${link}`)).toMatchObject({ patch, problems: [] });
  });
});
