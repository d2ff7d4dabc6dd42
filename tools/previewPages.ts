/** Serves the build below a sub-path without any headers of ours, as GitHub Pages does: `npm run preview:pages [-- --port N]`. */
import { parseArgs } from "node:util";
import { buildSiteIfStale, distFolder } from "./build.ts";
import { servePages } from "./pagesServer.ts";

const { values } = parseArgs({ options: { port: { type: "string", default: "4180" } } });
const port = Number(values.port);
if (!Number.isInteger(port) || port < 0 || port > 65535)
  throw new Error(`--port ${values.port} is not a port`);
await buildSiteIfStale();
const { url } = await servePages({ folder: distFolder, port, mount: "/disco-playground/" });
console.log(`As GitHub Pages would serve it: ${url}\nPress Ctrl+C to stop.`);
