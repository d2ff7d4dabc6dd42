import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Page } from "@playwright/test";

const file = createRequire(import.meta.url).resolve(
  "@fontsource-variable/inter/files/inter-latin-wght-normal.woff2",
);

/**
 * Has every text of the pages to be opened set in a font that comes with the tests, on the page and in its charts: which
 * fonts a machine has then makes no difference to a picture of the page. Signs that it lacks (◆ ✓ ▲) stay the machine's.
 */
export async function useFixedFont(page: Page): Promise<void> {
  await page.addInitScript(
    async ({ base64 }) => {
      const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
      document.fonts.add(await new FontFace("Fixed", bytes, { weight: "100 900" }).load());
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(`:root { --font: "Fixed"; --font-mono: "Fixed"; }`);
      document.adoptedStyleSheets.push(sheet);
    },
    { base64: readFileSync(file).toString("base64") },
  );
}
