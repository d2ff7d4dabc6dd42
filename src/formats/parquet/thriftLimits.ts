/**
 * Walks over one structure of Thrift's compact protocol before hyparquet builds objects of it. hyparquet believes
 * what lengths say: a list of ten bytes may ask for an array of 30 million entries, a number may go on for
 * megabytes. Here each list must fit in the bytes that are left, numbers end, and depth and count are bounded.
 */

/** What may be in one structure. */
export interface ThriftLimits {
  readonly depth: number;
  /** Structures within structures, each an object of a few hundred bytes. */
  readonly structures: number;
}

const longestNumber = 10;

export class ThriftFault extends Error {
  override readonly name = "ThriftFault";
}

/**
 * @returns the offset behind the structure, or null when it goes on past the end of `bytes`.
 * @throws ThriftFault when no honest writer would write it.
 */
export function thriftEnd(bytes: Uint8Array, start: number, limits: ThriftLimits): number | null {
  let at = start;
  let structures = 0;

  const byte = (): number => {
    const value = bytes[at];
    if (value === undefined) throw new PastTheEnd();
    at++;
    return value;
  };
  const skip = (length: number): void => {
    if (length > bytes.length - at) throw new PastTheEnd();
    at += length;
  };
  /** The number itself is exact up to 32 bits, which is all that lengths may have. */
  const varint = (): number => {
    let value = 0;
    for (let i = 0; i < longestNumber; i++) {
      const part = byte();
      value += (part & 0x7f) * 2 ** (7 * i);
      if (part < 0x80) return value;
    }
    throw new ThriftFault("a number does not end");
  };
  const length = (): number => {
    const value = varint();
    if (value > 0x7fff_ffff) throw new ThriftFault(`a length of ${value}`);
    return value;
  };
  const element = (type: number, depth: number): void => {
    switch (type) {
      case 1:
      case 2:
        return; // the type is the value
      case 3:
        skip(1);
        return;
      case 4:
      case 5:
      case 6:
        varint();
        return;
      case 7:
        skip(8);
        return;
      case 8:
        skip(length());
        return;
      case 9:
        list(depth + 1);
        return;
      case 12:
        structure(depth + 1);
        return;
      default:
        throw new ThriftFault(`type ${type}, which parquet does not use`);
    }
  };
  const list = (depth: number): void => {
    if (depth > limits.depth) throw new ThriftFault(`nested more than ${limits.depth} deep`);
    const head = byte();
    const type = head & 0x0f;
    const count = head >> 4 === 15 ? length() : head >> 4;
    if (count > bytes.length - at) throw new PastTheEnd(); // each takes a byte at least
    for (let i = 0; i < count; i++) element(type <= 2 ? 3 : type, depth);
  };
  const structure = (depth: number): void => {
    if (depth > limits.depth) throw new ThriftFault(`nested more than ${limits.depth} deep`);
    if (++structures > limits.structures) throw new ThriftFault(`more than ${limits.structures} entries`);
    for (;;) {
      const head = byte();
      if ((head & 0x0f) === 0) return;
      if (head >> 4 === 0) varint();
      element(head & 0x0f, depth);
    }
  };

  try {
    structure(0);
    return at;
  } catch (error) {
    if (error instanceof PastTheEnd) return null;
    throw error;
  }
}

class PastTheEnd extends Error {}
