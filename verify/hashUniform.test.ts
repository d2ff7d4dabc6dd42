import { expect, it } from "vitest";
import { hashImage, hashUniform } from "./hashUniform.ts";

// The format's own self-check values.
it("re-creates the format's values bit for bit", () => {
  expect([...hashUniform(20210419, 0, 8)]).toEqual([
    -0.2597885727882385, -0.0010939240455627441, 0.033183276653289795, -0.7950811982154846,
    0.4183576703071594, 0.0030036568641662598, 0.4016680121421814, -0.4643062949180603,
  ]);
  expect(hashUniform(20210420, 1000, 1000001)[1000000]).toBe(-0.315302312374115);
});

it("re-creates the format's images bit for bit", () => {
  const image = hashImage(20210419, 1000, [2, 3, 5, 7], 4);
  expect([...image.subarray(0, 8)]).toEqual([
    0.27715206146240234, -0.03288649395108223, -0.01957080140709877, -0.608332633972168, -0.45896613597869873,
    -0.34980201721191406, -0.9691486358642578, -0.16286860406398773,
  ]);
  expect(image.reduce((sum, value) => sum + value, 0)).toBeCloseTo(-60.84533241763711, 10);
});
