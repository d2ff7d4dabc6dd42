import { expect, test } from "vitest";
import { DemoSet } from "./demoSet.ts";
import { ReadOnce } from "../../lib/readOnce.ts";

const size = { seed: 3, count: 300, size: 16 };

test("the demo set is drawn once for all who ask, and says how far it is to those who wait", async () => {
  const demo = new DemoSet();
  const early = demo.draw(size);
  const reported: number[] = [];
  const store = await demo.draw(size, (done) => reported.push(done));
  expect(store).toBe(await early);
  expect(await demo.draw(size)).toBe(store);
  expect(store.summary).toMatchObject({ kind: "demo", count: 300 });
  expect(reported.at(-1)).toBe(300);
  const other = await demo.draw({ ...size, seed: 4 });
  expect(other.summary?.fingerprint).not.toBe(store.summary?.fingerprint);
  demo.forget();
  const again = await demo.draw(size);
  expect(again).not.toBe(store);
  expect(again.summary?.fingerprint).toBe(store.summary?.fingerprint);
});

test("a file is read once, and again after a failure", async () => {
  let reads = 0;
  const file = new ReadOnce(async () => {
    if (++reads === 1) throw new Error("offline");
    return Uint8Array.of(reads);
  });
  await expect(file.read()).rejects.toThrow("offline");
  expect(await Promise.all([file.read(), file.read()])).toEqual([Uint8Array.of(2), Uint8Array.of(2)]);
  expect(reads).toBe(2);
});
