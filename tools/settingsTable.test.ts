import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { describeSettings, settingsPage } from "./settingsTable.ts";

test("docs/SETTINGS.md is what the table of settings says (else: npx tsx tools/settingsTable.ts)", async () => {
  expect(readFileSync(settingsPage, "utf8")).toBe(await describeSettings());
});
