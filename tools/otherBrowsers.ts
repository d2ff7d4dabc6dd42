/** The smoke journey in Firefox and WebKit, where they can be had: `npm run test:other-browsers`. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { buildSiteIfStale, distFolder, repositoryRoot } from "./build.ts";
import { NotToBeHad, type DrivenBrowser } from "./otherBrowsers/drivenBrowser.ts";
import { smokeJourney } from "./otherBrowsers/smokeJourney.ts";
import type { StageCounts } from "./testReport.ts";

const browsers: Readonly<Record<string, () => Promise<DrivenBrowser>>> = {
  Firefox: async () => (await import("./otherBrowsers/firefox.ts")).openFirefox(),
  WebKit: async () => (await import("./otherBrowsers/webKit.ts")).openWebKit(),
};

const reportFolder = join(repositoryRoot, "test-results");
const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !(name in browsers));
if (unknown.length > 0)
  throw new Error(`${unknown.join(", ")}: only ${Object.keys(browsers).join(" and ")} are known here.`);

await buildSiteIfStale();
mkdirSync(reportFolder, { recursive: true });
const passed: string[] = [];
const failed: string[] = [];
const missing: string[] = [];
for (const [name, open] of Object.entries(browsers)) {
  if (asked.length > 0 && !asked.includes(name)) continue;
  let browser: DrivenBrowser;
  try {
    browser = await open();
  } catch (error) {
    if (!(error instanceof NotToBeHad)) throw error;
    missing.push(`${name} is not to be had here: ${error.message}`);
    continue;
  }
  console.log(browser.name);
  try {
    const { tests, facts } = await smokeJourney(browser, distFolder);
    console.log(`  ${facts.join("; ")}`);
    for (const { name: test, problem } of tests)
      (problem === null ? passed : failed).push(`${browser.name}: ${test}`);
    await browser.screenshot(join(reportFolder, `${name}.png`)).catch(() => undefined); // for whoever looks
  } finally {
    await browser.close();
  }
}
for (const line of missing) console.log(line);
const counts: StageCounts = {
  passed: passed.length,
  failed: failed.length,
  skipped: missing.length,
  passedNames: passed,
  skippedNames: missing,
};
writeFileSync(join(reportFolder, "other browsers.json"), JSON.stringify(counts));
process.exitCode = failed.length === 0 ? 0 : 1;
