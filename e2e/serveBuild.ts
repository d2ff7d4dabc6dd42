import { buildSiteIfStale, distFolder } from "../tools/build.ts";
import { serveSite } from "../tools/serve.ts";

/** Serves the real build below a sub-path, as a project page would, and takes it down again. */
// eslint-disable-next-line no-restricted-syntax -- Playwright wants a default export here
export default async function serveBuild(): Promise<() => Promise<void>> {
  await buildSiteIfStale();
  const site = await serveSite({ folder: distFolder, mount: "/some/where/" });
  process.env["PLAYGROUND_URL"] = site.url;
  return () => site.close();
}
