/** Text from outside as it stands in our messages: quoted, escaped, and not longer than 100 characters. */
export function quote(text: string): string {
  return visible(JSON.stringify(text.length > 100 ? `${text.slice(0, 100)}…` : text));
}

const mostShown = 300;

/** A name from outside as it stands in a list: not longer than 300 characters, and nothing in it that hides or turns text. */
export function shownName(name: string): string {
  const end = name.length > mostShown ? `… (${name.length} characters)` : "";
  return visible(name.slice(0, mostShown)) + end;
}

/**
 * Controls escaped as JavaScript writes them, and with them the marks that turn the direction of writing, by which
 * "gpj.exe" reads "exe.jpg", and those that have no width and join nothing.
 */
function visible(text: string): string {
  return text.replace(
    /[\u0000-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g, // eslint-disable-line no-control-regex
    (mark) => `\\u${mark.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
