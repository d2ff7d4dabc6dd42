import { visibleText } from "../lib/visibleText.ts";

/** Text from outside as it stands in our messages: quoted, escaped, and not longer than 100 characters. */
export function quote(text: string): string {
  return visibleText(JSON.stringify(text.length > 100 ? `${text.slice(0, 100)}…` : text));
}

const mostShown = 300;

/** A name from outside as it stands in a list: not longer than 300 characters, and nothing in it that hides or turns text. */
export function shownName(name: string): string {
  const end = name.length > mostShown ? `… (${name.length} characters)` : "";
  return visibleText(name.slice(0, mostShown)) + end;
}
