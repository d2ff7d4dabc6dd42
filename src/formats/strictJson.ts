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
const quoted = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y; // eslint-disable-line no-control-regex

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
    return JSON.parse(match(quoted) ?? fail("a string is missing or broken")) as string;
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
