/** Serves the playground and opens it: `npm start [-- --no-open] [--port N]`. */
import { spawn } from "node:child_process";
import { parseArgs } from "node:util";
import { buildSiteIfStale, distFolder } from "./build.ts";
import { serveSite } from "./serve.ts";

const defaultPort = 4173;

async function start(): Promise<void> {
  const { values } = parseArgs({
    options: { "no-open": { type: "boolean", default: false }, port: { type: "string" } },
  });
  const port = Number(values.port ?? defaultPort);
  if (!Number.isInteger(port) || port < 0 || port > 65535)
    throw new Error(`--port ${values.port} is not a port`);

  console.log("Building the playground if anything changed …");
  await buildSiteIfStale();
  const site = await serveSite({ folder: distFolder, port });
  console.log(`\nDisCo playground: ${site.url}\nPress Ctrl+C to stop.`);
  if (!values["no-open"] && canShowPages()) openPage(site.url);
}

function canShowPages(): boolean {
  if (process.env["CI"] !== undefined && process.env["CI"] !== "") return false;
  if (process.platform !== "linux") return true;
  return (process.env["DISPLAY"] ?? process.env["WAYLAND_DISPLAY"] ?? "") !== "";
}

function openPage(url: string): void {
  const opener =
    process.platform === "darwin"
      ? { program: "open", args: [url] }
      : process.platform === "win32"
        ? { program: "cmd", args: ["/c", "start", "", url] }
        : { program: "xdg-open", args: [url] };
  const child = spawn(opener.program, opener.args, { stdio: "ignore", detached: true });
  child.on("error", () => console.log("No browser could be opened; open the address above yourself."));
  child.unref();
}

try {
  await start();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
