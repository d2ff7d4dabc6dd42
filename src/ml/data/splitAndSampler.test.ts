import { describe, expect, it } from "vitest";
import { createPrng } from "../../lib/prng.ts";
import { EpochSampler } from "./sampler.ts";
import { splitByClass } from "./split.ts";

describe("splitByClass", () => {
  const sizes: readonly [label: number, images: number][] = [
    [0, 50],
    [1, 31],
    [2, 1],
    [-1, 20],
    [3, 2],
  ];
  const classes = Int16Array.from(sizes.flatMap(([label, images]) => new Array<number>(images).fill(label)));

  it("covers every image exactly once, each class in proportion", () => {
    const { train, heldOut } = splitByClass(classes, 0.2, 5);
    expect([...train, ...heldOut].sort((a, b) => a - b)).toEqual([...classes.keys()]);
    const held = (label: number): number => heldOut.filter((index) => classes[index] === label).length;
    expect([held(0), held(1), held(2), held(-1), held(3)]).toEqual([10, 6, 0, 4, 1]);
  });

  it("is the same for the same seed and another for another", () => {
    expect(splitByClass(classes, 0.2, 5)).toEqual(splitByClass(classes, 0.2, 5));
    expect(splitByClass(classes, 0.2, 6).heldOut).not.toEqual(splitByClass(classes, 0.2, 5).heldOut);
  });

  it("leaves something to train on in every class, whatever the share", () => {
    const { train } = splitByClass(classes, 0.95, 1);
    expect(new Set(Array.from(train, (index) => classes[index]))).toEqual(new Set([0, 1, 2, -1, 3]));
  });
});

describe("EpochSampler", () => {
  const members = Int32Array.from({ length: 23 }, (_, i) => 100 + 3 * i);

  it("deals each image at most once an epoch and drops the last partial batch", () => {
    const sampler = new EpochSampler(members, 5, 9);
    const orders = [0, 1, 2].map((epoch) => {
      const dealt: number[] = [];
      for (let batch = 0; batch < 4; batch++) {
        const next = sampler.next();
        expect(next.epoch).toBe(epoch);
        dealt.push(...next.indices);
      }
      expect(new Set(dealt).size).toBe(20);
      expect(dealt.every((index) => members.includes(index))).toBe(true);
      return dealt.join();
    });
    expect(new Set(orders).size).toBe(3);
  });

  it('draws the orders of the stream "shuffle", one after another', () => {
    const sampler = new EpochSampler(members, 23, 9);
    const random = createPrng(9, "shuffle");
    for (let epoch = 0; epoch < 3; epoch++) {
      const order = random.permutation(23);
      expect([...sampler.next().indices]).toEqual(Array.from(order, (place) => members[place]));
    }
  });

  it("goes on from any saved state as if nothing had happened", () => {
    for (let cut = 0; cut < 11; cut++) {
      const whole = new EpochSampler(members, 5, 2);
      for (let i = 0; i < cut; i++) whole.next();
      const saved = JSON.parse(JSON.stringify(whole.state())) as ReturnType<EpochSampler["state"]>;
      const resumed = new EpochSampler(members, 5, saved);
      for (let i = 0; i < 9; i++) expect(resumed.next()).toEqual(whole.next());
    }
  });

  it("says so when the set cannot fill one batch", () => {
    expect(() => new EpochSampler(members, 24, 1)).toThrow("23 training images do not fill one batch of 24");
    expect(() => new EpochSampler(members.subarray(0, 4), 5, 1)).toThrow("4 training images do not fill");
    expect(() => new EpochSampler(members.subarray(0, 0), 4, 1)).toThrow("0 training images do not fill");
  });

  it("deals images more than once where a few have to fill the smallest batches", () => {
    const three = members.subarray(0, 3);
    const sampler = new EpochSampler(three, 4, 1);
    expect(sampler.batchesPerEpoch).toBe(1);
    for (let epoch = 0; epoch < 5; epoch++) {
      const batch = sampler.next();
      expect(batch.epoch).toBe(epoch);
      expect(batch.indices).toHaveLength(4);
      expect(new Set(batch.indices)).toEqual(new Set(three));
    }
    expect([...new EpochSampler(members.subarray(5, 6), 4, 1).next().indices]).toEqual(
      Array(4).fill(members[5]),
    );
  });
});
