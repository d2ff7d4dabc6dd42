import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { beforeSettingsExisted } from "../contract/formerDefaults.ts";
import { formatRunFile, type RunFile } from "../contract/runFile.ts";
import { readRunSettings } from "./runSettings.ts";
import { readsOrRefuses, refusalOf } from "./testing/refusal.ts";
import { sampleRun } from "./testing/sampleRun.ts";

const sha256 = "ab".repeat(32);
const run: RunFile = { ...sampleRun, dataset: { ...sampleRun.dataset, kind: "own", fingerprint: sha256 } };
const altered = (change: (copy: Record<string, object>) => void): string => {
  const copy = structuredClone(run) as unknown as Record<string, object>;
  change(copy);
  return JSON.stringify(copy);
};

describe("readRunSettings", () => {
  it("reads what a run was given", () => {
    const teacherOrigin = { address: "https://hub.example/a.pth", sha256 };
    const adjustments = [{ step: 3, patch: { temperature: 0.2 } }];
    expect(readRunSettings(formatRunFile({ ...run, teacherOrigin, adjustments }))).toEqual({
      patch: run.config,
      problems: [],
      dataset: { name: "Demo", kind: "own", fingerprint: sha256 },
      teacher: {
        name: "Bundled",
        source: "bundled",
        architecture: "ResNet-18, 3×3 stem, width 16",
        embeddingDim: 128,
        parameters: 700000,
      },
      dataOrigin: null,
      teacherOrigin,
      adjustments: 1,
    });
  });

  it("names what newer versions added or changed, and keeps the rest", () => {
    const text = altered((copy) => {
      Object.assign(copy, { formatVersion: 2, plan: "another", dataset: 5 });
      Object.assign(copy["config"]!, { gravity: 2, temperature: 99, method: "tomorrow", batchSize: 12 });
    });
    const { patch, problems, dataset } = readRunSettings(text)!;
    expect(patch).toMatchObject({ seed: 3, batchSize: 12 });
    expect(patch).not.toHaveProperty("temperature");
    expect(patch).not.toHaveProperty("gravity");
    expect(dataset).toBeNull();
    expect(problems.map(({ name }) => name).sort()).toEqual(
      ["dataset", "formatVersion", "gravity", "method", "temperature"].sort(),
    );
  });

  it("gives a setting younger than the file what was done before it, and another its default, said", () => {
    const former = beforeSettingsExisted(3);
    const text = altered((copy) => {
      for (const name of [...Object.keys(former), "batchSize"])
        Object.assign(copy["config"]!, { [name]: undefined }); // JSON leaves it out
    });
    const { patch, problems } = readRunSettings(text)!;
    expect(patch).toMatchObject(former);
    expect(patch).not.toHaveProperty("batchSize");
    expect(problems).toEqual([{ name: "batchSize", message: "is missing; its default is set" }]);
  });

  it.each([
    ["javascript:alert(1)", /javascript: are not loaded/],
    ["http://elsewhere.example/a.zip", /without encryption/],
  ])("does not hand on the address %s", (address, why) => {
    const { dataOrigin, problems } = readRunSettings(
      altered((copy) => Object.assign(copy, { dataOrigin: { address, sha256: null } })),
    )!;
    expect(dataOrigin).toBeNull();
    expect(problems).toMatchObject([{ name: "dataOrigin", message: expect.stringMatching(why) as string }]);
  });

  it("leaves other JSON alone, and refuses a run's file without settings", async () => {
    for (const text of ["[]", "5", "{}", '{"format": "another"}', '{"format": {"disco-playground-run": 1}}'])
      expect(readRunSettings(text)).toBeNull();
    const many = Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`s${i}`, i]));
    const refused: [string, RegExp][] = [
      [altered((copy) => delete copy["config"]), /no settings/],
      [altered((copy) => Object.assign(copy, { config: many })), /no settings.*more than 200 keys/],
      [formatRunFile(run).slice(0, 500), /not valid JSON/],
    ];
    for (const [text, why] of refused) {
      const { message, details } = await refusalOf(() => readRunSettings(text));
      expect([message, ...details].join(" ")).toMatch(why);
    }
  });

  it("reads or refuses any JSON, and never gives a setting that does not exist", async () => {
    const text = fc.record({
      format: fc.constantFrom("disco-playground-run", "another"),
      formatVersion: fc.jsonValue(),
      config: fc.oneof(
        fc.jsonValue(),
        fc.dictionary(
          fc.oneof(fc.constantFrom(...Object.keys(run.config), "__proto__"), fc.string()),
          fc.jsonValue(),
        ),
      ),
      dataset: fc.jsonValue(),
      teacher: fc.jsonValue(),
      teacherOrigin: fc.oneof(fc.jsonValue(), fc.record({ address: fc.webUrl(), sha256: fc.constant(null) })),
      adjustments: fc.jsonValue(),
    });
    const known = new Set(Object.keys(run.config));
    await fc.assert(
      fc.asyncProperty(text, async (json) => {
        await readsOrRefuses(() => {
          for (const name of Object.keys(readRunSettings(JSON.stringify(json))?.patch ?? {}))
            expect(known.has(name)).toBe(true);
        });
      }),
    );
  });
});
