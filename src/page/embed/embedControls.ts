import { settingNames, type SettingName } from "../../contract/config.ts";

const embedButtons = ["start", "pause", "step", "stop"] as const;
export type EmbedButton = (typeof embedButtons)[number];

/** What an embedded page lets its readers do: `?embed=start,pause,width`. */
export interface EmbedControls {
  readonly buttons: readonly EmbedButton[];
  readonly settings: readonly SettingName[];
  /** Words that are neither, to be told to whoever wrote them. */
  readonly unknown: readonly string[];
}

const usual: EmbedControls = { buttons: ["start", "pause"], settings: [], unknown: [] };
/** More would leave no room for what there is to see. */
const mostSettings = 3;
/** Files are given on the full page only, and so the images are the built-in ones. */
const notHere: readonly SettingName[] = ["data"];

/**
 * Reads the question of an address.
 *
 * @param isFramedByOthers shows the embedded view whatever the address says: around the full page, which takes files and
 * downloads on a click, another site could get the click.
 * @returns null for the full page.
 */
export function readEmbed(search: string, isFramedByOthers: boolean): EmbedControls | null {
  const asked = new URLSearchParams(search).get("embed");
  if (asked === null) return isFramedByOthers ? usual : null;
  const words = asked.split(",").map((word) => word.trim());
  const given = [...new Set(words.filter((word) => word !== ""))];
  if (given.length === 0) return usual;
  const buttons = embedButtons.filter((name) => given.includes(name));
  const rest = given.filter((word) => !embedButtons.some((name) => name === word));
  const settings: SettingName[] = [];
  const unknown: string[] = [];
  for (const word of rest) {
    // The width that the Distilling BottleNeck is about, by the word for it.
    const name = word === "width" ? "hiddenWidth" : settingNames.find((known) => known === word);
    if (name === undefined || notHere.includes(name) || settings.length >= mostSettings) unknown.push(word);
    else settings.push(name);
  }
  return { buttons, settings, unknown };
}

/** Whether the page stands in a frame of another site. */
export function isFramedByOthers(): boolean {
  try {
    return window.top?.location.origin !== location.origin;
  } catch {
    return true; // the other site's address is not for us to read
  }
}
