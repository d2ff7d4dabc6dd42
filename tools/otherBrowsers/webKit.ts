/** WebKit, the engine of Safari, as GTK's small browser; by WebDriver, on a display that nobody sees. */
import { spawn, type ChildProcess } from "node:child_process";
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { installPackages } from "../systemPackages.ts";
import { NotToBeHad, type DrivenBrowser } from "./drivenBrowser.ts";
import { WebDriver } from "./webDriver.ts";

const driverPath = "/usr/bin/WebKitWebDriver";
const displayServer = "/usr/bin/Xvfb";
const startLimitMs = 20_000;
const pageLimitMs = 60_000;

/** @throws NotToBeHad why there is none. */
export async function openWebKit(): Promise<DrivenBrowser> {
  if (process.platform !== "linux")
    throw new NotToBeHad("WebKitGTK and its driver are looked for on Linux only");
  if (!existsSync(driverPath) || !existsSync(displayServer)) {
    const problem = installPackages(["webkit2gtk-driver", "xvfb"]);
    if (problem !== "") throw new NotToBeHad(problem);
  }
  const browserPath = miniBrowser();
  const started: ChildProcess[] = [];
  const end = (): void => {
    for (const child of started.reverse()) child.kill();
  };
  try {
    const display = await startDisplay(started);
    const port = await freePort();
    const driver = spawn(driverPath, [`--port=${port}`], {
      stdio: "ignore",
      env: {
        ...process.env,
        DISPLAY: display,
        GDK_BACKEND: "x11",
        LANG: "en_US.UTF-8", // in the locale “C” its `navigator.language` is “C”, which is no language
        LC_ALL: "en_US.UTF-8",
        // Its sandbox needs namespaces, which containers do not give. It shows our own pages only.
        WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS: "1",
      },
    });
    started.push(driver);
    const session = await connect(`http://127.0.0.1:${port}`, browserPath);
    return {
      name: `WebKit (${session.browser})`,
      open: (url) => session.open(url),
      evaluate: (expression) => session.evaluate(expression),
      click: (testId) => session.click(`[data-testid="${testId}"]`),
      screenshot: async (file) => writeFileSync(file, await session.screenshot()),
      close: async () => {
        await session.close().catch(() => undefined); // it may have crashed
        end();
      },
    };
  } catch (error) {
    end();
    const why = error instanceof Error ? error.message : String(error);
    throw new NotToBeHad(`its driver opens no window: ${why}`, { cause: error });
  }
}

/** It lies in a folder whose name has processor and version in it. */
function miniBrowser(): string {
  const folders = ["/usr/lib", "/usr/libexec"].filter((folder) => existsSync(folder));
  const found = folders
    .flatMap((folder) => [folder, ...readdirSync(folder).map((name) => join(folder, name))])
    .flatMap((folder) =>
      ["webkit2gtk-4.1", "webkitgtk-6.0", "webkit2gtk-4.0"].map((name) => join(folder, name, "MiniBrowser")),
    )
    .find((path) => existsSync(path));
  if (found === undefined) throw new NotToBeHad("WebKitGTK's MiniBrowser is nowhere to be found");
  return found;
}

async function connect(url: string, binary: string): Promise<WebDriver> {
  const options = { binary, args: ["--automation"] };
  for (const endMs = Date.now() + startLimitMs; ;) {
    try {
      return await WebDriver.connect(url, {
        "webkitgtk:browserOptions": options,
        timeouts: { script: pageLimitMs, pageLoad: pageLimitMs },
      });
    } catch (error) {
      // Not listening yet.
      if (!(error instanceof TypeError) || Date.now() > endMs) throw error;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
}

/** @returns the name of a display of its own. */
function startDisplay(started: ChildProcess[]): Promise<string> {
  const child = spawn(
    displayServer,
    ["-displayfd", "3", "-screen", "0", "1280x1000x24", "-nolisten", "tcp"],
    {
      stdio: ["ignore", "ignore", "ignore", "pipe"],
    },
  );
  started.push(child);
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error("Xvfb did not start")), startLimitMs);
    child.on("error", reject);
    child.on("exit", () => reject(new Error("Xvfb ended")));
    child.stdio[3]?.once("data", (data: Buffer) => {
      clearTimeout(timer);
      resolve(`:${data.toString().trim()}`);
    });
  });
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() =>
        typeof address === "object" && address !== null
          ? resolve(address.port)
          : reject(new Error("no port")),
      );
    });
  });
}
