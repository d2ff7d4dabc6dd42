import { expect, test } from "vitest";
import type { Sliced } from "../../lib/slices.ts";
import { yieldToMessages } from "../../lib/yieldToMessages.ts";
import { SpareTime } from "./spareTime.ts";

async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await yieldToMessages();
}

test("works while nothing holds it, stops at a slice's end, and goes on", async () => {
  const spare = new SpareTime();
  const log: string[] = [];
  async function* work(name: string, slices: number): Sliced<void> {
    try {
      for (let i = 0; i < slices; i++) {
        log.push(`${name} ${i}`);
        yield { task: "", done: i, total: slices };
      }
      log.push(`${name} done`);
    } finally {
      log.push(`${name} over`);
    }
  }
  await spare.use("a", () => work("a", 3));
  await spare.use("a", () => work("a again", 3));
  await until(() => log.length > 0);
  const release = await spare.hold();
  const held = log.length;
  for (let i = 0; i < 5; i++) await yieldToMessages();
  expect(log.length).toBe(held);
  release();
  await until(() => log.includes("a over"));
  expect(log).toEqual(["a 0", "a 1", "a 2", "a done", "a over"]);

  log.length = 0;
  await spare.use("long", () => work("long", 1e9));
  await until(() => log.length > 3);
  await spare.use("b", () => work("b", 1));
  await until(() => log.includes("b over"));
  expect(log.slice(log.indexOf("long over"))).toEqual(["long over", "b 0", "b done", "b over"]);

  await spare.use("long", () => work("long", 1e9));
  const stop = await spare.hold();
  await spare.drop();
  stop();
  const rest = log.length;
  for (let i = 0; i < 5; i++) await yieldToMessages();
  expect(log.length).toBe(rest);
});

test("work that fails is left out", async () => {
  const spare = new SpareTime();
  let isNextDone = false;
  // eslint-disable-next-line require-yield
  await spare.use("fails", async function* (): Sliced<void> {
    throw new Error("on purpose");
  });
  await yieldToMessages();
  await spare.use("works", async function* (): Sliced<void> {
    yield { task: "", done: 1, total: 1 };
    isNextDone = true;
  });
  await until(() => isNextDone);
});
