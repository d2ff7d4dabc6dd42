import { visibleText } from "../lib/visibleText.ts";

/** Text from outside as it stands in our messages: quoted, escaped, and not longer than 100 characters. */
export function quote(text: string): string {
  return visibleText(JSON.stringify(text.length > 100 ? `${text.slice(0, 100)}…` : text));
}
