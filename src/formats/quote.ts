import { visibleText } from "../lib/visibleText.ts";

const longestQuote = 100;
const longestName = 300;
/** Not cut off where it would take as many characters to say so; so that what was cut once stays as it is. */
const slack = 40;

/** Text from outside as it stands in our messages: quoted, escaped, and not longer than 100 characters. */
export function quote(text: string): string {
  return visibleText(JSON.stringify(text.length > longestQuote ? `${text.slice(0, longestQuote)}…` : text));
}

/** Of a sentence with names in it. */
const longestNote = 2000;

/** Text from outside as it stands in lists and tables: cut, with its length, and nothing in it that hides or turns text. */
export function shownName(name: string, longest = longestName): string {
  const visible = visibleText(name.slice(0, longest + slack));
  return name.length <= longest + slack && visible.length <= longest + slack
    ? visible
    : `${visible.slice(0, longest)}… (${name.length} characters)`;
}

/** The first of a list as they are shown, and last how many more there are. */
export function shownList(names: readonly string[], most: number, count = names.length): readonly string[] {
  const shown = names.slice(0, count === most + 1 ? count : most).map((name) => shownName(name));
  return count > shown.length ? [...shown, `and ${count - shown.length} more`] : shown;
}

/** Sentences about a file, for a person. */
export function shownNotes(notes: readonly string[]): readonly string[] {
  return notes.slice(0, 100).map((note) => shownName(note, longestNote));
}

/**
 * Plain data from a file, fit to be shown or printed: all texts in it are `shownName`, and no list is longer than
 * wanted. One of texts then ends with how many more there are; of others, a count must stand beside it.
 */
export function shownReport<T>(value: T, longestList: number): T {
  const walk = (part: unknown): unknown => {
    if (typeof part === "string") return shownName(part);
    if (Array.isArray(part))
      return part.every((item) => typeof item === "string")
        ? shownList(part, longestList)
        : part.slice(0, longestList).map(walk);
    if (part === null || typeof part !== "object") return part;
    const entries = Object.entries(part).slice(0, longestList);
    return Object.fromEntries(entries.map(([key, item]) => [shownName(key), walk(item)]));
  };
  return walk(value) as T;
}
