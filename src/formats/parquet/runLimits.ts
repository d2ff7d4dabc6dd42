/**
 * Checks on encoded numbers before hyparquet unpacks them: it writes as many as a run says, whatever the array's
 * length, so that five bytes could ask for 2³¹ entries.
 */

export class EncodingFault extends Error {
  override readonly name = "EncodingFault";
}

/**
 * Runs of the hybrid of run lengths and bit packing, from `start`, until `count` values are seen. Runs that are cut
 * off are left for the decoder to find.
 *
 * @throws EncodingFault when a run is longer than all values together.
 */
export function checkRuns(bytes: Uint8Array, start: number, bitWidth: number, count: number): void {
  if (bitWidth > 32) throw new EncodingFault(`${bitWidth} bits a value`);
  const valueBytes = (bitWidth + 7) >> 3;
  let at = start;
  for (let seen = 0; seen < count;) {
    const head = varint(bytes, at);
    if (head === null) return;
    at = head.end;
    const packed = (head.value & 1) === 1;
    const groups = Math.floor(head.value / 2);
    const values = packed ? 8 * groups : groups;
    // The last group of packed values is filled up to eight.
    if (values > count + 7) throw new EncodingFault(`a run of ${values} values where there are ${count}`);
    at += packed ? groups * bitWidth : valueBytes;
    seen += values;
  }
}

/**
 * The head of delta-encoded integers: `block size, miniblocks, count, first value`.
 *
 * @throws EncodingFault when it asks for blocks that no writer makes.
 */
export function checkDeltas(bytes: Uint8Array, start: number): void {
  const block = varint(bytes, start);
  const miniblocks = block === null ? null : varint(bytes, block.end);
  if (block === null || miniblocks === null) return; // cut off: the decoder will find out
  const valid =
    block.value > 0 &&
    block.value <= 65_536 &&
    miniblocks.value > 0 &&
    miniblocks.value <= 1024 &&
    block.value % miniblocks.value === 0;
  if (!valid) throw new EncodingFault(`delta blocks of ${block.value} values in ${miniblocks.value} parts`);
}

/** @returns null at the end of the bytes. */
function varint(bytes: Uint8Array, start: number): { value: number; end: number } | null {
  let value = 0;
  for (let i = 0; i < 5; i++) {
    const part = bytes[start + i];
    if (part === undefined) return null;
    value += (part & 0x7f) * 2 ** (7 * i);
    if (part < 0x80) {
      // hyparquet's numbers have 32 bits with a sign.
      if (value > 0x7fff_ffff) throw new EncodingFault(`a run of ${value}`);
      return { value, end: start + i + 1 };
    }
  }
  throw new EncodingFault("a number does not end");
}
