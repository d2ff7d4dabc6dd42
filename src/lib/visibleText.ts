/**
 * Text from outside as it may be shown: what would draw nothing, break the line, drive a terminal or turn the
 * direction of the text around it stands as its code point. So "a\u202Egpj.exe" cannot pass for "aexe.jpg".
 */
export function visibleText(text: string): string {
  return text.replace(
    invisible,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0").toUpperCase()}`,
  );
}

/** Controls (C0 and C1), marks of direction, separators of lines and paragraphs, characters without width. */
const invisible =
  // eslint-disable-next-line no-control-regex
  /[\u0000-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g;
