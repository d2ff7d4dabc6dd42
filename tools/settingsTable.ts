/** Writes docs/SETTINGS.md from `contract/config.ts`: `npx tsx tools/settingsTable.ts`. */
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { format } from "prettier";
import { settingNames, settings, type Setting } from "../src/contract/config.ts";
import { methodNames, methods, methodSettings } from "../src/contract/methods.ts";

export const settingsPage = fileURLToPath(new URL("../docs/SETTINGS.md", import.meta.url));
const introduction = `# Settings

Every setting of a run, as the page, links, \`--set name=value\` and \`run.json\` know it. Written by
\`npx tsx tools/settingsTable.ts\` from \`src/contract/config.ts\`; a test compares. “Live” ones may change during a run.`;

/** The whole page, as Prettier lays it out. */
export async function describeSettings(): Promise<string> {
  const groups = [...new Set(settingNames.map((name) => settings[name].group))];
  const parts = groups.map((group) => {
    const rows = settingNames
      .filter((name) => settings[name].group === group)
      .map((name) => row(name, settings[name]));
    const head = ["| name | label | default | range | published | what it is |", "| - | - | - | - | - | - |"];
    return [`## ${group.charAt(0).toUpperCase()}${group.slice(1)}`, "", ...head, ...rows].join("\n");
  });
  const uses = methodNames.map((name) => `| ${methods[name].label} | ${namesOf(methods[name].uses)} |`);
  const some = [
    "## What an objective uses",
    "",
    `All settings but these are for every objective: ${namesOf(methodSettings)}.`,
    "",
    "| objective | uses of them |",
    "| - | - |",
    ...uses,
  ];
  return format([introduction, ...parts, some.join("\n")].join("\n\n"), {
    parser: "markdown",
    printWidth: 110,
  });
}

function row(name: string, setting: Setting): string {
  const published = setting.published === undefined ? "–" : shown(setting.published);
  const live = setting.live === true ? " (live)" : "";
  const cells = [
    `\`${name}\`${live}`,
    setting.label,
    shown(setting.default),
    rangeOf(setting),
    published,
    setting.help,
  ];
  return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
}

function rangeOf(setting: Setting): string {
  if (setting.kind === "choice") return namesOf(Object.keys(setting.options));
  const unit = setting.unit === undefined ? "" : ` ${setting.unit}`;
  const special = Object.entries(setting.meanings ?? {}).map(([value, meaning]) => `; ${value}: ${meaning}`);
  return `${shown(setting.min)} … ${shown(setting.max)}${unit}${special.join("")}`;
}

function shown(value: number | string): string {
  return typeof value === "string" ? `\`${value}\`` : String(Number(value.toPrecision(5)));
}

function namesOf(names: readonly string[]): string {
  return names.length === 0 ? "none" : names.map((name) => `\`${name}\``).join(", ");
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(settingsPage, await describeSettings());
  console.log(`Wrote ${settingsPage}`);
}
