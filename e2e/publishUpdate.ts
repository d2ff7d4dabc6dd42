import { readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { repositoryRoot } from "../tools/build.ts";
import { writeServiceWorker } from "../tools/serviceWorkerPlugin.ts";

/**
 * Publishes another version of a built site into its folder, as a host sees it: some programs are gone, others in their
 * place, and a page that names those.
 *
 * @param mark stands in the new page's title.
 * @returns the name of a program that is gone: that of the view "Runs".
 */
export async function publishUpdate(folder: string, mark: string): Promise<string> {
  const assets = join(folder, "assets");
  const find = (start: string): string => {
    const found = readdirSync(assets).find((name) => name.startsWith(start) && name.endsWith(".js"));
    if (found === undefined) throw new Error(`the build has no ${start}`);
    return found;
  };
  const html = join(folder, "index.html");
  const entry = /assets\/(index-[\w-]+\.js)/.exec(readFileSync(html, "utf8"))?.[1];
  if (entry === undefined) throw new Error("the page names no first script");
  const runs = find("RunsView-");
  const renamed = new Map([entry, runs].map((name) => [name, name.replace(/-[\w-]+\.js$/, "-Updated1.js")]));
  const texts = readdirSync(assets).filter((name) => /\.m?js$/.test(name));
  for (const path of [html, ...texts.map((name) => join(assets, name))]) {
    const text = readFileSync(path, "utf8");
    let changed = text;
    for (const [from, to] of renamed) changed = changed.replaceAll(from, to);
    if (path === html) changed = changed.replace(/<title>.*<\/title>/, `<title>${mark}</title>`);
    if (changed !== text) writeFileSync(path, changed);
  }
  for (const [from, to] of renamed) renameSync(join(assets, from), join(assets, to));
  await writeServiceWorker(repositoryRoot, folder, `assets/${renamed.get(entry)}`);
  return `assets/${runs}`;
}
