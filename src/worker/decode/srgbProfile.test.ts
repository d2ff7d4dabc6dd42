import { describe, expect, it } from "vitest";
import { isSrgbProfile } from "./srgbProfile.ts";

type Tag = readonly [name: string, bytes: Uint8Array];

const be32 = (value: number): number[] => [
  (value >> 24) & 255,
  (value >> 16) & 255,
  (value >> 8) & 255,
  value & 255,
];
const text = (word: string): number[] => Array.from(word, (c) => c.charCodeAt(0));
const fixed = (value: number): number[] => be32(Math.round(value * 65536));

function profile(tags: readonly Tag[], space = "RGB "): Uint8Array {
  const data: number[] = [];
  const table: number[] = [];
  const dataAt = 132 + 12 * tags.length;
  for (const [name, bytes] of tags) {
    table.push(...text(name), ...be32(dataAt + data.length), ...be32(bytes.length));
    data.push(...bytes);
  }
  const header = new Array<number>(128).fill(0);
  header.splice(16, 4, ...text(space));
  return Uint8Array.from([...header, ...be32(tags.length), ...table, ...data]);
}

const xyz = (...values: number[]): Uint8Array =>
  Uint8Array.from([...text("XYZ "), 0, 0, 0, 0, ...values.flatMap(fixed)]);
const formula = (kind: number, ...values: number[]): Uint8Array =>
  Uint8Array.from([...text("para"), 0, 0, 0, 0, 0, kind, 0, 0, ...values.flatMap(fixed)]);
const table = (entries: number, curve: (x: number) => number): Uint8Array =>
  Uint8Array.from([
    ...text("curv"),
    ...be32(0),
    ...be32(entries),
    ...Array.from({ length: entries }, (_, i) => Math.round(65535 * curve(i / (entries - 1)))).flatMap(
      (v) => [v >> 8, v & 255],
    ),
  ]);
const curves = (curve: Uint8Array): Tag[] => ["rTRC", "gTRC", "bTRC"].map((name) => [name, curve] as const);

const srgbPrimaries: Tag[] = [
  ["rXYZ", xyz(0.43607, 0.22249, 0.01392)],
  ["gXYZ", xyz(0.38515, 0.71687, 0.09708)],
  ["bXYZ", xyz(0.14307, 0.06061, 0.7141)],
];
const displayP3: Tag[] = [
  ["rXYZ", xyz(0.51512, 0.2412, -0.00105)],
  ["gXYZ", xyz(0.29198, 0.69225, 0.04189)],
  ["bXYZ", xyz(0.1571, 0.06657, 0.78407)],
];
const srgbFormula = formula(3, 2.4, 0.94786, 0.05214, 0.0774, 0.04045);
const srgbCurve = (x: number): number => (x <= 0.04045 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4);

describe("isSrgbProfile", () => {
  it.each([
    ["a formula", srgbFormula],
    ["a formula of seven numbers", formula(4, 2.4, 0.94786, 0.05214, 0.0774, 0.04045, 0, 0)],
    ["a table of 1024", table(1024, srgbCurve)],
  ])("knows sRGB by %s", (_, curve) => {
    expect(isSrgbProfile(profile([...srgbPrimaries, ...curves(curve)]))).toBe(true);
    expect(isSrgbProfile(profile([...displayP3, ...curves(curve)]))).toBe(false);
  });

  it.each([
    ["another power", formula(3, 2.2, 0.94786, 0.05214, 0.0774, 0.04045)],
    ["a bare power", formula(0, 2.2)],
    ["a table of gamma 2.2", table(1024, (x) => x ** 2.2)],
    ["a straight line", table(1024, (x) => x)],
    ["a table too small to tell", table(2, (x) => x)],
    ["no curve we know", Uint8Array.from([...text("what"), ...new Array<number>(30).fill(0)])],
  ])("takes %s for another profile", (_, curve) => {
    expect(isSrgbProfile(profile([...srgbPrimaries, ...curves(curve)]))).toBe(false);
  });

  it("wants every part, RGB, and nothing that overrides the matrix", () => {
    const whole = [...srgbPrimaries, ...curves(srgbFormula)];
    for (let left = 0; left < whole.length; left++)
      expect(isSrgbProfile(profile(whole.filter((_, i) => i !== left)))).toBe(false);
    expect(isSrgbProfile(profile(whole, "GRAY"))).toBe(false);
    expect(isSrgbProfile(profile([...whole, ["A2B0", new Uint8Array(40)]]))).toBe(false);
  });

  it("does not stumble over one that breaks off anywhere", () => {
    const whole = profile([...srgbPrimaries, ...curves(srgbFormula)]);
    for (let length = 0; length < whole.length; length++)
      expect(isSrgbProfile(whole.subarray(0, length)), `${length} bytes`).toBe(false);
  });
});
