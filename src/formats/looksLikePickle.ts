/** Bytes after an instruction that has a fixed number of them. */
const fixed: ReadonlyMap<number, number> = new Map([
  ...Array.from("(.0}])tlduseabRQ12N", (code) => [code.charCodeAt(0), 0] as const),
  ...[0x81, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8f, 0x90, 0x91, 0x92, 0x93, 0x94].map(
    (code) => [code, 0] as const,
  ),
  ...(
    [
      ["K", 1],
      ["M", 2],
      ["J", 4],
      ["G", 8],
      ["q", 1],
      ["r", 4],
      ["h", 1],
      ["j", 4],
    ] as const
  ).map(([code, bytes]) => [code.charCodeAt(0), bytes] as const),
]);
/** Bytes of the length that stands before an instruction's text or bytes. */
const counted: ReadonlyMap<number, number> = new Map([
  ...(
    [
      ["X", 4],
      ["T", 4],
      ["U", 1],
      ["B", 4],
      ["C", 1],
    ] as const
  ).map(([code, bytes]) => [code.charCodeAt(0), bytes] as const),
  ...([
    [0x8a, 1],
    [0x8b, 4],
    [0x8c, 1],
    [0x8d, 8],
    [0x8e, 8],
    [0x96, 8],
  ] as const),
]);
const frame = 0x95;
const globalName = 0x63;
const fewestInstructions = 6;

/**
 * Whether a file begins as a pickle of protocol 2 to 5 does. Two bytes are no proof, so its first instructions are
 * walked over: every one must exist and fit into the file.
 *
 * @param head the file's first bytes. @param size of the whole file.
 */
export function looksLikePickle(head: Uint8Array, size: number): boolean {
  if (head[0] !== 0x80 || (head[1] ?? 0) < 2 || (head[1] ?? 0) > 5) return false;
  const last = Math.min(size, Number.MAX_SAFE_INTEGER);
  let at = 2;
  let instructions = 0;
  for (; at < head.length; instructions++) {
    const code = head[at++]!;
    if (code === 0x2e) return true;
    const bytes = fixed.get(code);
    if (bytes !== undefined) {
      at += bytes;
    } else if (code === globalName) {
      const match = /^[\w.]{1,200}\n[\w.]{1,200}\n/.exec(latin1(head.subarray(at, at + 402)));
      if (match === null) return instructions >= fewestInstructions && at + 402 > head.length;
      at += match[0].length;
    } else if (code === frame || counted.has(code)) {
      const width = code === frame ? 8 : counted.get(code)!;
      let length = 0;
      for (let i = width - 1; i >= 0; i--) length = length * 256 + (head[at + i] ?? 0);
      at += width;
      if (at + length > last) return false;
      if (code !== frame) at += length;
    } else return false;
  }
  return instructions >= fewestInstructions && at <= last;
}

function latin1(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}
