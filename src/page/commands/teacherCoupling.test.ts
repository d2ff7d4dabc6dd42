import { beforeEach, expect, test } from "vitest";
import { configStore } from "../stores/configStore.ts";
import { freshPage, type ScriptedEngine } from "../testing/scriptedEngine.ts";
import { changeSetting } from "./changeSetting.ts";
import { chooseTeacher } from "./loadTeacher.ts";
import { couplingStore, presentCoupling } from "./teacherCoupling.ts";

let engine: ScriptedEngine;
beforeEach(() => {
  engine = freshPage();
  couplingStore.setState({ last: null });
});

const chosen = () => {
  const { teacher, method } = configStore.getState().config;
  return { teacher, method };
};
const said = () => presentCoupling(couplingStore.getState().last, chosen());

test("without a teacher, a method that needs one becomes MoCo-v2, and says so", async () => {
  await chooseTeacher(engine, "none");
  expect(chosen()).toEqual({ teacher: "none", method: "mocov2" });
  expect(said()?.before).toEqual({ teacher: "bundled", method: "disco" });
});

test("a method without a teacher stays what it is", async () => {
  await changeSetting(engine, "method", "simclr");
  await chooseTeacher(engine, "none");
  expect(chosen()).toEqual({ teacher: "none", method: "simclr" });
  expect(said()).toBeNull();
});

test("a teacher chosen again brings the former method back", async () => {
  await changeSetting(engine, "method", "seed");
  await chooseTeacher(engine, "none");
  await chooseTeacher(engine, "bundled");
  expect(chosen()).toEqual({ teacher: "bundled", method: "seed" });
  expect(said()).toBeNull();
});

test("a method chosen meanwhile is not taken away again", async () => {
  await chooseTeacher(engine, "none");
  await changeSetting(engine, "method", "simclr");
  await chooseTeacher(engine, "bundled");
  expect(chosen()).toEqual({ teacher: "bundled", method: "simclr" });
});

test("a method that needs a teacher brings the bundled one, and says so", async () => {
  await chooseTeacher(engine, "none");
  await changeSetting(engine, "method", "bingo");
  expect(chosen()).toEqual({ teacher: "bundled", method: "bingo" });
  expect(said()?.before).toEqual({ teacher: "none", method: "mocov2" });
});

test("a note goes when something else is chosen", async () => {
  await chooseTeacher(engine, "none");
  expect(said()).not.toBeNull();
  await changeSetting(engine, "method", "simclr");
  expect(said()).toBeNull();
});
