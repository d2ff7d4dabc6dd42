/** Firefox by WebDriver BiDi. */
import { existsSync } from "node:fs";
import puppeteer from "puppeteer-core";
import { installPackages } from "../systemPackages.ts";
import { NotToBeHad, type DrivenBrowser } from "./drivenBrowser.ts";

const places = [
  "/usr/bin/firefox-esr",
  "/usr/bin/firefox",
  "/Applications/Firefox.app/Contents/MacOS/firefox",
  "C:\\Program Files\\Mozilla Firefox\\firefox.exe",
];

/**
 * `FIREFOX_PATH`, the system's, or Debian's package, which is installed where there is none.
 *
 * @throws NotToBeHad why there is none.
 */
function findFirefox(): string {
  const asked = process.env["FIREFOX_PATH"] ?? "";
  if (asked !== "") {
    if (existsSync(asked)) return asked;
    throw new NotToBeHad(`FIREFOX_PATH is ${asked}, and there is no such file`);
  }
  const find = (): string | undefined => places.find((path) => existsSync(path));
  const found = find();
  if (found !== undefined) return found;
  const problem = installPackages(["firefox-esr"]);
  const installed = find();
  if (installed === undefined) throw new NotToBeHad(problem);
  return installed;
}

/** @throws NotToBeHad why there is none. */
export async function openFirefox(): Promise<DrivenBrowser> {
  const browser = await puppeteer.launch({
    browser: "firefox",
    executablePath: findFirefox(),
    headless: true,
  });
  const page = await browser.newPage();
  await page.setViewport({ width: 1280, height: 900 });
  const version = await browser.version(); // "firefox/153.8.0"
  return {
    name: `Firefox ${version.slice(version.indexOf("/") + 1)}`,
    open: async (url) => {
      await page.goto(url);
    },
    evaluate: (expression) => page.evaluate(expression),
    click: async (testId) => page.locator(`[data-testid="${testId}"]`).click(),
    screenshot: async (file) => {
      await page.screenshot({ path: file });
    },
    close: () => browser.close(),
  };
}
