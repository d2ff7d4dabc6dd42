/**
 * JSON as hostile files need it read: an object becomes a Map (so `__proto__` is a key like any other), a key
 * that comes twice is an error (`JSON.parse` silently keeps the last), and nesting is bounded.
 */
export type StrictJson = null | boolean | number | string | readonly StrictJson[] | StrictJsonObject;
export type StrictJsonObject = ReadonlyMap<string, StrictJson>;

export class StrictJsonError extends Error {
  override readonly name = "StrictJsonError";
}

const whitespace = /[ \t\n\r]*/y;
const scalar = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y;
/** Characters that end a string's plain stretch: its quotation mark, a backslash, or what must not stand in it. */
const afterPlain = /["\\\u0000-\u001f]/g; // eslint-disable-line no-control-regex

/** @throws StrictJsonError with the position of the fault. */
export function parseStrictJson(text: string, maxDepth = 16): StrictJson {
  let at = 0;
  const fail = (what: string): never => {
    throw new StrictJsonError(`${what} at character ${at}`);
  };
  const match = (pattern: RegExp): string | null => {
    pattern.lastIndex = at;
    const found = pattern.exec(text);
    if (found === null) return null;
    at = pattern.lastIndex;
    return found[0];
  };
  const skip = (): void => void match(whitespace);
  const accept = (character: string): boolean => {
    skip();
    if (text[at] !== character) return false;
    at++;
    return true;
  };
  const string = (): string => {
    skip();
    const start = at;
    if (text[at] !== '"') fail("a string is missing or broken");
    // One pattern for the whole would overflow the engine's stack at some ten million characters.
    for (let next = at + 1; ;) {
      afterPlain.lastIndex = next;
      const found = afterPlain.exec(text);
      if (found === null || found[0] < " ") return fail("a string is missing or broken");
      next = found.index + (found[0] === "\\" ? 2 : 1);
      if (found[0] !== '"') continue;
      at = next;
      break;
    }
    try {
      return JSON.parse(text.slice(start, at)) as string;
    } catch {
      at = start;
      return fail("a string is missing or broken");
    }
  };
  const value = (depth: number): StrictJson => {
    if (depth > maxDepth) fail(`nested more than ${maxDepth} deep`);
    if (accept("{")) {
      const object = new Map<string, StrictJson>();
      if (accept("}")) return object;
      do {
        const key = string();
        if (object.has(key)) fail(`the key ${JSON.stringify(key.slice(0, 80))} comes twice`);
        if (!accept(":")) fail("a colon is missing");
        object.set(key, value(depth + 1));
      } while (accept(","));
      return accept("}") ? object : fail("an object does not end");
    }
    if (accept("[")) {
      const items: StrictJson[] = [];
      if (accept("]")) return items;
      do items.push(value(depth + 1));
      while (accept(","));
      return accept("]") ? items : fail("a list does not end");
    }
    if (text[at] === '"') return string();
    return JSON.parse(match(scalar) ?? fail("a value is missing or broken")) as number | boolean | null;
  };
  const result = value(0);
  skip();
  if (at < text.length) fail("there is more after the value");
  return result;
}
