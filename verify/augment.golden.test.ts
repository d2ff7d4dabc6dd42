import { describe, expect, test } from "vitest";
import { byName, goldenFixtures } from "../tools/goldenFixtures.ts";
import { useNodeBackend } from "../tools/nodeBackends.ts";
import { verifyAugmentations } from "./verifyAugmentations.ts";
import { verifyCrops } from "./verifyCrops.ts";

const fixtures = goldenFixtures("5_augment");
const named = (name: string) => byName(fixtures.filter((fixture) => fixture.name.endsWith(name)));

describe("torchvision's augmentations", () => {
  test.each(named("augmentations"))("%s", async (_name, fixture) => {
    await useNodeBackend("cpu");
    const rows = await verifyAugmentations(fixture);
    expect(rows.filter((row) => !row.passed)).toEqual([]);
    expect(rows.some((row) => row.check.endsWith("rendered as one view"))).toBe(true);
  });

  test.each(named("random_parameters"))("%s", (_name, fixture) => {
    const rows = verifyCrops(fixture);
    expect(rows.filter((row) => !row.passed)).toEqual([]);
    expect(rows.length).toBeGreaterThan(0);
  });
});
