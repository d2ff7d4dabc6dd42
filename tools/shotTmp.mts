import { chromium } from "playwright";
import { chromiumLaunchOptions } from "./browser.ts";
import { distFolder } from "./build.ts";
import { serveSite } from "./serve.ts";
const [out, ...steps] = process.argv.slice(2);
const site = await serveSite({ folder: distFolder });
const browser = await chromium.launch(chromiumLaunchOptions({ webgpu: "software" }));
const sizes = { d: [1440, 900], t: [1024, 768], p: [390, 844] } as const;
try {
  for (const step of steps) {
    // d:light:wait=5:start:hash
    const [size, scheme, ...acts] = step.split("~");
    const [width, height] = sizes[size as "d"];
    const context = await browser.newContext({ viewport: { width, height }, colorScheme: scheme as "dark" });
    const page = await context.newPage();
    page.on("console", (m) => {
      if (m.type() === "error" || m.type() === "warning") console.log("console", m.text().slice(0, 300));
    });
    page.on("pageerror", (e) => console.log("uncaught", e.message, e.stack?.slice(0, 400)));
    let n = 0;
    await page.goto(site.url + (acts.find((a) => a.startsWith("#")) ?? ""));
    for (const act of acts) {
      if (act.startsWith("#")) continue;
      if (act.startsWith("wait=")) await page.waitForTimeout(1000 * Number(act.slice(5)));
      else if (act === "shot") await page.screenshot({ path: `${out}-${size}-${scheme}-${n++}.png` });
      else if (act === "full")
        await page.screenshot({ path: `${out}-${size}-${scheme}-${n++}.png`, fullPage: true });
      else if (act === "end")
        await page.waitForFunction(() => (window as any).playground.snapshot().run.state === "ended", null, {
          timeout: 200000,
        });
      else if (act.startsWith("hover=")) await page.getByTestId(act.slice(6)).hover();
      else if (act.startsWith("files=")) await page.getByTestId("folder-input").setInputFiles(act.slice(6));
      else await page.getByTestId(act).first().click();
    }
    const wide = await page.evaluate(
      () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
    );
    if (wide > 0) console.log(step, "overflows sideways by", wide);
    await context.close();
  }
} finally {
  await browser.close();
  await site.close();
}
