/**
 * Finding a Chromium, or getting one, and the flags it needs. Used by the browser tests, the end-to-end tests
 * and headless training.
 */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { chromium } from "playwright";
import { installCommand, rootPrefix } from "./systemPackages.ts";

/** How much of WebGPU to ask for: what the machine has, or Chromium's emulation of a GPU on the CPU. */
export type WebGpuMode = "hardware" | "software";

const commandNames = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"];

function installedPaths(): readonly string[] {
  if (process.platform === "darwin") {
    return [
      "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
      "/Applications/Chromium.app/Contents/MacOS/Chromium",
    ];
  }
  if (process.platform === "win32") {
    return ["PROGRAMFILES", "PROGRAMFILES(X86)", "LOCALAPPDATA"].flatMap((variable) => {
      const folder = process.env[variable];
      return folder === undefined ? [] : [join(folder, "Google", "Chrome", "Application", "chrome.exe")];
    });
  }
  const folders = (process.env["PATH"] ?? "").split(":").filter((folder) => folder !== "");
  return commandNames.flatMap((name) => folders.map((folder) => join(folder, name)));
}

/**
 * A Chromium on this machine: `CHROMIUM_PATH`, then the system's, then the one Playwright may have downloaded.
 * @returns its path, or null when there is none.
 * @throws Error when `CHROMIUM_PATH` names a file that does not exist.
 */
export function findChromium(): string | null {
  const asked = process.env["CHROMIUM_PATH"];
  if (asked !== undefined && asked !== "") {
    if (existsSync(asked)) return asked;
    throw new Error(`CHROMIUM_PATH is ${asked}, and there is no such file.`);
  }
  return [...installedPaths(), chromium.executablePath()].find((path) => existsSync(path)) ?? null;
}

/**
 * `findChromium`, installing one when there is none: Debian's or Ubuntu's package where we may, else
 * Playwright's download.
 * @throws Error that says what was tried.
 */
export function ensureChromium(): string {
  const found = findChromium();
  if (found !== null) return found;
  const tried: string[] = [];
  for (const { label, command } of installers()) {
    console.log(`No Chromium found: ${label}`);
    const result = spawnSync(command[0] ?? "", command.slice(1), {
      stdio: "inherit",
      shell: process.platform === "win32",
    });
    tried.push(`${command.join(" ")} (${result.error?.message ?? `exit code ${result.status}`})`);
    const installed = findChromium();
    if (installed !== null) return installed;
  }
  throw new Error(
    `No Chromium, and none could be installed. Tried: ${tried.join("; ")}. ` +
      "Install Chromium or Chrome, or name one in CHROMIUM_PATH.",
  );
}

interface Installer {
  readonly label: string;
  readonly command: readonly string[];
}

function installers(): readonly Installer[] {
  const found: Installer[] = [];
  const command = installCommand(["chromium"]);
  if (command !== null) found.push({ label: "installing the system's package", command });
  found.push({
    label: "downloading Playwright's",
    // System libraries too where we may install them.
    command: ["npx", "playwright", "install", ...(rootPrefix() === null ? [] : ["--with-deps"]), "chromium"],
  });
  return found;
}

/** Chromium's switches: quiet on the network, WebGPU on, and a software adapter only if asked. */
export function chromiumFlags(webgpu: WebGpuMode): readonly string[] {
  return [
    "--enable-unsafe-webgpu",
    ...(webgpu === "software" ? ["--use-webgpu-adapter=swiftshader"] : hardwareFlags()),
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    // A run goes on at full speed in a window nobody looks at.
    "--disable-background-timer-throttling",
    "--disable-renderer-backgrounding",
    "--disable-backgrounding-occluded-windows",
  ];
}

/** On Linux, WebGPU's hardware adapters are found through Vulkan only, which Chromium leaves off by default. */
function hardwareFlags(): readonly string[] {
  return [...(process.platform === "linux" ? ["--enable-features=Vulkan"] : []), "--ignore-gpu-blocklist"];
}

/** For Playwright's and Vitest's launch options. The path is left out when there is no Chromium yet. */
export function chromiumLaunchOptions({ webgpu }: { webgpu: WebGpuMode }): {
  executablePath?: string;
  args: string[];
} {
  const executablePath = findChromium();
  return { ...(executablePath === null ? {} : { executablePath }), args: [...chromiumFlags(webgpu)] };
}
