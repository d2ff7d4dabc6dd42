import type { Setting, SettingName } from "../../contract/config.ts";
import { settingNames, settings } from "../../contract/config.ts";

/** So many are shown. */
const most = 8;

/**
 * The settings that match all words of a query, best first: what is called so before what only mentions it.
 *
 * A word counts by the best place it is found in: the whole of a name or label, the beginning of it, a name's initials
 * ("lr"), the beginning of a word of it, anywhere in it, in an option, in the help.
 */
export function searchSettings(query: string): readonly SettingName[] {
  const words = plain(query)
    .split(/\s+/)
    .filter((word) => word !== "");
  if (words.length === 0) return [];
  return settingNames
    .map((name) => ({ name, score: scoreOf(name, words) }))
    .filter(({ score }) => score > 0)
    .sort((a, b) => b.score - a.score) // stable: the table's order decides between equals
    .slice(0, most)
    .map(({ name }) => name);
}

/** 0 where a word is found nowhere. */
function scoreOf(name: SettingName, words: readonly string[]): number {
  const setting: Setting = settings[name];
  const places = {
    name: plain(name),
    label: plain(setting.label),
    parts: plain(`${setting.label} ${name.replace(/[A-Z]/g, " $&")}`)
      .split(/[^\p{L}\p{N}]+/u)
      .filter((part) => part !== ""),
    initials: plain(name.charAt(0) + name.replace(/[^A-Z]/g, "")),
    options: setting.kind === "choice" ? plain(Object.values(setting.options).join(" ")) : "",
    help: plain(setting.help),
  };
  const whole = words.join(" ");
  const bonus =
    places.label === whole || places.name === whole ? 1000 : places.label.startsWith(whole) ? 500 : 0;
  const scores = words.map((word) => scoreOfWord(word, places));
  return scores.includes(0) ? 0 : bonus + scores.reduce((sum, score) => sum + score, 0);
}

function scoreOfWord(
  word: string,
  {
    name,
    label,
    parts,
    initials,
    options,
    help,
  }: Record<"name" | "label" | "initials" | "options" | "help", string> & {
    readonly parts: readonly string[];
  },
): number {
  if (parts.includes(word)) return 80;
  if (initials === word) return 60;
  if (parts.some((part) => part.startsWith(word))) return 50;
  if (label.includes(word) || name.includes(word)) return 30;
  if (options.includes(word)) return 15;
  return help.includes(word) ? 5 : 0;
}

function plain(text: string): string {
  return text.toLocaleLowerCase("en").trim();
}
