import { beforeEach, expect, test } from "vitest";
import { defaultConfig } from "../../contract/config.ts";
import type { DatasetSummary } from "../../contract/dataset.ts";
import type { TeacherCard } from "../../contract/teacher.ts";
import { formatRunFile } from "../../contract/runFile.ts";
import { sampleRun } from "../../formats/testing/sampleRun.ts";
import { configStore } from "../stores/configStore.ts";
import { datasetStore } from "../stores/datasetStore.ts";
import { linkStore } from "../stores/linkStore.ts";
import { noticeStore } from "../stores/noticeStore.ts";
import { teacherStore } from "../stores/teacherStore.ts";
import { freshPage, type ScriptedEngine } from "../testing/scriptedEngine.ts";
import { mayBeRunFile, restoreRun } from "./restoreRun.ts";

const sha256 = "ab".repeat(32);
const dataset: DatasetSummary = {
  ...sampleRun.dataset,
  name: "Cats: mine",
  kind: "own",
  fingerprint: sha256,
};
const given = (text: string, name = "run.json") => [{ file: new File([text], name) }];
const told = (): string[] =>
  noticeStore.getState().notices.map(({ message, hint, details }) => [message, hint, ...details].join(" "));

let engine: ScriptedEngine;
beforeEach(() => {
  engine = freshPage();
  linkStore.setState(linkStore.getInitialState(), true);
});

test("a run's file sets the page as the run was, says so, and starts nothing", async () => {
  expect(await restoreRun(given(formatRunFile(sampleRun)))).toBe(true);
  expect(configStore.getState().config).toEqual({ ...defaultConfig, temperature: 0.1, seed: 3 });
  const [only, ...others] = told();
  expect(others).toEqual([]);
  expect(only).toContain("“run.json”. Nothing has been started.");
  expect(only).toContain("temperature: 0.1");
  expect(engine.asked).toEqual([]);
});

test("what newer versions added is named, and the rest kept", async () => {
  const file = { ...sampleRun, config: { ...sampleRun.config, gravity: 2, batchSize: -1 } };
  await restoreRun(given(JSON.stringify(file)));
  expect(configStore.getState().config).toMatchObject({
    temperature: 0.1,
    batchSize: defaultConfig.batchSize,
  });
  expect(told()[0]).toMatch(/gravity: there is no such setting.*batchSize: -1 is outside|batchSize.*gravity/);
});

test("images and a teacher that a run's file does not carry are asked for by name, or pointed to", async () => {
  const config = { ...sampleRun.config, data: "own", teacher: "own" } as const;
  const teacher: TeacherCard = { ...sampleRun.teacher!, name: "moco.pth", source: "pytorch" };
  const run = { ...sampleRun, config, dataset, teacher };
  await restoreRun(given(formatRunFile(run)));
  expect(linkStore.getState()).toMatchObject({
    dataset: { name: "Cats  mine", fingerprint: sha256.slice(0, 12) },
  });
  expect(told().join("\n")).toMatch(/images “Cats {2}mine”[^]*learnt from “moco.pth”/);

  freshPage();
  datasetStore.setState({ summary: dataset });
  teacherStore.setState({ status: "ready", card: { ...teacher, name: "renamed.pth" } });
  await restoreRun(given(formatRunFile(run)));
  expect(told().join("\n")).toContain("These are the images the run was made with");
  expect(told().join("\n")).not.toContain("moco.pth");

  freshPage();
  datasetStore.setState({ summary: { ...dataset, fingerprint: "cd".repeat(32) } });
  const teacherOrigin = { address: "https://hub.example/moco.pth", sha256: null };
  await restoreRun(given(formatRunFile({ ...run, teacherOrigin })));
  expect(told().join("\n")).toContain("These are not the images the run was made with");
  expect(told().join("\n")).toContain("names a teacher at hub.example. Nothing has been loaded.");
  expect(linkStore.getState().teacher).toEqual(teacherOrigin);
});

test("what is no run's file is left to others; a broken one is refused and changes nothing", async () => {
  const text = formatRunFile(sampleRun);
  expect(await restoreRun(given('{"modelTopology": {}}', "model.json"))).toBe(false);
  expect(await restoreRun(given('["disco-playground-run"]'))).toBe(false);
  expect(await restoreRun([...given(text), ...given(text)])).toBe(false);
  expect(mayBeRunFile([{ name: "cat.png" }])).toBe(false);
  expect(told()).toEqual([]);
  expect(await restoreRun(given(text.slice(0, 400)))).toBe(true);
  expect(told().join()).toContain("not valid JSON");
  expect(configStore.getState().config).toEqual(defaultConfig);
});
