import { pickleFault } from "./pickleValues.ts";

const maxIntegerBytes = 512;
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Reads the operands of a pickle's instructions, one after another. Every length is checked against the file's. */
export class PickleCursor {
  readonly #bytes: Uint8Array<ArrayBuffer>;
  readonly #data: DataView;
  /** Of the next byte. */
  at: number;

  constructor(bytes: Uint8Array<ArrayBuffer>, start: number) {
    this.#bytes = bytes;
    this.#data = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.at = start;
  }

  opcode(): number {
    return this.#data.getUint8(this.#take(1, "an instruction"));
  }
  byte(): number {
    return this.#data.getUint8(this.#take(1, "a number"));
  }
  uint16(): number {
    return this.#data.getUint16(this.#take(2, "a number"), true);
  }
  int32(): number {
    return this.#data.getInt32(this.#take(4, "a number"), true);
  }
  uint32(): number {
    return this.#data.getUint32(this.#take(4, "a number"), true);
  }
  float64(): number {
    return this.#data.getFloat64(this.#take(8, "a number"), false);
  }
  /** A length of 64 bits, at most the file's. */
  length64(what: string): number {
    const length = this.#data.getBigUint64(this.#take(8, "a length"), true);
    if (length > BigInt(this.#bytes.length))
      throw pickleFault(`${what} of ${length} bytes runs past its end`);
    return Number(length);
  }
  /** Of protocol 4: how far the next instructions go, which we do not need to know. */
  frame(): void {
    if (this.length64("a frame") > this.#bytes.length - this.at)
      throw pickleFault("a frame runs past its end");
  }
  /** A view of the file. */
  block(length: number): Uint8Array<ArrayBuffer> {
    const from = this.#take(length, "a byte string");
    return this.#bytes.subarray(from, from + length);
  }
  text(length: number): string {
    const from = this.#take(length, "a string");
    try {
      return utf8.decode(this.#bytes.subarray(from, this.at));
    } catch {
      throw pickleFault(`the string at byte ${from} is not UTF-8`);
    }
  }
  line(): string {
    const end = this.#bytes.indexOf(0x0a, this.at);
    if (end < 0) throw pickleFault(`the name at byte ${this.at} does not end`);
    const name = this.text(end - this.at);
    this.at = end + 1;
    return name;
  }
  integer(length: number): number | bigint {
    if (length > maxIntegerBytes) throw pickleFault(`an integer of ${length} bytes`);
    if (length === 0) return 0;
    const digits = Array.from(this.block(length), (byte) => byte.toString(16).padStart(2, "0"));
    const value = BigInt.asIntN(length * 8, BigInt(`0x${digits.reverse().join("")}`));
    const small = Number(value);
    return Number.isSafeInteger(small) ? small : value;
  }

  #take(length: number, what: string): number {
    if (length > this.#bytes.length - this.at)
      throw pickleFault(`${what} of ${length} bytes at byte ${this.at} runs past its end`);
    const from = this.at;
    this.at += length;
    return from;
  }
}
