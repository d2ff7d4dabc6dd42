import { expect, it } from "vitest";
import { configStore } from "../stores/configStore.ts";
import { noticeStore } from "../stores/noticeStore.ts";
import { runStore } from "../stores/runStore.ts";
import { teacherStore } from "../stores/teacherStore.ts";
import { freshPage, settle } from "../testing/scriptedEngine.ts";
import { chooseTeacher, loadTeacher } from "./loadTeacher.ts";
import { acceptOffer, dismissOffer, offerTeacherFiles, readOfferAsData } from "./offerTeacher.ts";

const file = (name: string): File => new File(["abc"], name);
const held = (): string | undefined => teacherStore.getState().card?.name;
const chosen = (): string => configStore.getState().config.teacher;

it("inspects files before they are used, and loads them when they are accepted", async () => {
  const engine = freshPage();
  await offerTeacherFiles(engine, [file("model.json"), file("w.bin")]);
  expect(teacherStore.getState().offer).toMatchObject({
    name: "model.json and 1 more",
    bytes: 6,
    inspection: { format: "model.json", refusal: null },
  });
  expect([engine.asked, held(), chosen()]).toEqual([["inspectTeacher"], undefined, "bundled"]);
  await acceptOffer(engine);
  expect(engine.asked).toEqual(["inspectTeacher", "loadTeacher"]);
  expect([teacherStore.getState().offer, held(), chosen()]).toEqual([null, "model.json", "own"]);
});

it("leaves the former teacher alone when files are refused or put away", async () => {
  const engine = freshPage();
  await loadTeacher(engine, { kind: "bundled" });
  for (const name of ["good.pth", "evil.pth"]) {
    await offerTeacherFiles(engine, [file(name)]);
    expect(teacherStore.getState().offer?.inspection?.refusal?.message).toBe(
      name === "evil.pth" ? "evil.pth is refused" : undefined,
    );
    dismissOffer();
    expect([teacherStore.getState().offer, held(), chosen()]).toEqual([null, "bundled", "bundled"]);
  }
  expect(engine.asked).toEqual(["loadTeacher", "inspectTeacher", "inspectTeacher"]);
});

it("goes back to the former teacher when accepted files cannot be loaded after all, and says why", async () => {
  const engine = freshPage();
  await loadTeacher(engine, { kind: "bundled" });
  await offerTeacherFiles(engine, [file("breaks.pth")]);
  await acceptOffer(engine);
  expect(teacherStore.getState()).toMatchObject({
    status: "ready",
    asked: "breaks.pth",
    error: { message: "no room for breaks.pth" },
  });
  expect([held(), chosen()]).toEqual(["bundled", "bundled"]);
  await chooseTeacher(engine, "bundled");
  expect([held(), engine.asked.at(-1)]).toEqual(["bundled", "loadTeacher"]); // it was there all the time
});

it("shows what was offered last, whichever was read first", async () => {
  const engine = freshPage();
  const slow = offerTeacherFiles(engine, [file("slow.pth")]);
  await settle();
  expect(teacherStore.getState().offer).toMatchObject({ name: "slow.pth", inspection: null });
  await offerTeacherFiles(engine, [file("quick.pth")]);
  engine.finishSlowInspection();
  await slow;
  expect(teacherStore.getState().offer?.inspection?.format).toBe("quick.pth");
  await offerTeacherFiles(engine, []);
  expect(teacherStore.getState().offer?.name).toBe("quick.pth");
});

it("keeps the folders of what was dropped, for pictures that are read as data after all", async () => {
  const engine = freshPage();
  const picture = file("1.png");
  const collected = {
    name: "pictures",
    files: [{ path: "pictures/cats/1.png", file: picture }],
    rejects: [],
  };
  await offerTeacherFiles(engine, [picture], { collected });
  expect(teacherStore.getState().offer?.collected).toBe(collected);
  await offerTeacherFiles(engine, [picture]);
  expect(teacherStore.getState().offer?.collected.files).toEqual([{ path: "1.png", file: picture }]);
  runStore.setState({ state: "running" });
  await readOfferAsData(engine); // refused by what reads images: a run is going
  expect(teacherStore.getState().offer).toBeNull();
  expect(noticeStore.getState().notices.at(-1)?.message).toContain("cannot be changed while a run is going");
});
