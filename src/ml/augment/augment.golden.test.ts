import { describe, expect, test } from "vitest";
import { goldenFixtures } from "../../../tools/goldenFixtures.ts";
import { useNodeBackend } from "../../../tools/nodeBackends.ts";
import { verifyAugmentations } from "../verify/verifyAugmentations.ts";
import { verifyCrops } from "../verify/verifyCrops.ts";

const fixtures = goldenFixtures("5_augment");
const named = (name: string) => fixtures.filter((fixture) => fixture.name.endsWith(name));

describe.skipIf(fixtures.length === 0)("torchvision's augmentations", () => {
  test.each(named("augmentations"))("$name", async (fixture) => {
    await useNodeBackend("cpu");
    const rows = await verifyAugmentations(fixture);
    expect(rows.filter((row) => !row.passed)).toEqual([]);
    expect(rows.some((row) => row.check.endsWith("rendered as one view"))).toBe(true);
  });

  test.each(named("random_parameters"))("$name", (fixture) => {
    const rows = verifyCrops(fixture);
    expect(rows.filter((row) => !row.passed)).toEqual([]);
    expect(rows.length).toBeGreaterThan(0);
  });
});
