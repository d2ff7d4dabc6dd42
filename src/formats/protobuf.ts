import { AppError } from "../contract/errors.ts";

/**
 * The wire format of protocol buffers, read field by field without knowing a schema: what is not asked for is
 * skipped in one jump and never copied. Nothing here recurses; whoever knows a message opens it with `fieldsOf`.
 */
export interface ProtoField {
  readonly number: number;
  /** Where the field begins, its tag included, and the byte after it. */
  readonly start: number;
  readonly end: number;
  /** Of a number: its value; of bytes: where they begin. (They end at `end`.) */
  readonly value: number;
  readonly kind: "varint" | "fixed64" | "bytes" | "fixed32";
}

/** A range of a file. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/** Stops readers of hostile files: most real ones have some thousand fields, as many as they have nodes and weights. */
export class FieldBudget {
  constructor(private left = 10_000_000) {}

  /** @throws AppError "file-refused" when it is used up. */
  spend(): void {
    if (this.left-- <= 0)
      throw new AppError("file-refused", "The file is made of more fields than are read.", {
        hint: "It is damaged, or made to waste time. Export the model again.",
      });
  }
}

/**
 * The fields of the message that lies in a range, one after another.
 *
 * @throws AppError "file-unreadable" where the bytes are no protocol buffer, or a field reaches beyond its message.
 */
export function* fieldsOf(
  bytes: Uint8Array,
  { start, end }: ByteRange,
  budget: FieldBudget,
): Generator<ProtoField> {
  let at = start;
  while (at < end) {
    budget.spend();
    const fieldStart = at;
    const tag = readVarint(bytes, at, end);
    at = tag.next;
    const number = Math.floor(tag.value / 8);
    if (number < 1 || number > 536_870_911) throw malformed(`a field has the number ${number}`, fieldStart);
    switch (tag.value % 8) {
      case 0: {
        const { value, next } = readVarint(bytes, at, end);
        at = next;
        yield { number, start: fieldStart, end: at, value, kind: "varint" };
        break;
      }
      case 1:
        at = within(at + 8, end, fieldStart);
        yield { number, start: fieldStart, end: at, value: at - 8, kind: "fixed64" };
        break;
      case 2: {
        const { value: length, next } = readVarint(bytes, at, end);
        if (length < 0) throw malformed("a field has a negative length", fieldStart);
        at = within(next + length, end, fieldStart);
        yield { number, start: fieldStart, end: at, value: next, kind: "bytes" };
        break;
      }
      case 5:
        at = within(at + 4, end, fieldStart);
        yield { number, start: fieldStart, end: at, value: at - 4, kind: "fixed32" };
        break;
      default:
        throw malformed(`a field has the wire type ${tag.value % 8}`, fieldStart);
    }
  }
}

/** @returns the number (negative ones of int64 too), exact below 2⁵³, and where it ends. */
export function readVarint(bytes: Uint8Array, at: number, end: number): { value: number; next: number } {
  let low = 0; // 28 bits
  let high = 0; // 36 bits
  for (let i = 0; i < 10; i++) {
    if (at + i >= end) throw cutOff(at);
    const byte = bytes[at + i]!;
    if (i < 4) low += (byte & 0x7f) * 2 ** (7 * i);
    else high += (byte & 0x7f) * 2 ** (7 * (i - 4));
    if (byte < 0x80) {
      const bits64 = high >= 2 ** 35; // the sign of an int64
      return { value: bits64 ? (high - 2 ** 36) * 2 ** 28 + low : high * 2 ** 28 + low, next: at + i + 1 };
    }
  }
  throw malformed("a number is longer than ten bytes", at);
}

const strict = new TextDecoder("utf-8", { fatal: true });
/** Names longer than this are no names. */
const maxTextBytes = 4096;

/** @throws AppError when it is not UTF-8 or longer than any name. */
export function textOf(bytes: Uint8Array, field: ProtoField): string {
  const length = field.end - field.value;
  if (length > maxTextBytes)
    throw new AppError(
      "file-refused",
      `A name in the file has ${length} bytes; at most ${maxTextBytes} are read.`,
    );
  try {
    return strict.decode(bytes.subarray(field.value, field.end));
  } catch {
    throw malformed("a name is not UTF-8", field.start);
  }
}

/** A number as the wire has it. */
export function encodeVarint(value: number): number[] {
  const encoded: number[] = [];
  let rest = value;
  while (rest >= 0x80) {
    encoded.push((rest % 0x80) + 0x80);
    rest = Math.floor(rest / 0x80);
  }
  encoded.push(rest);
  return encoded;
}

function within(next: number, end: number, start: number): number {
  if (next > end) throw cutOff(start);
  return next;
}

function cutOff(at: number): AppError {
  return new AppError(
    "file-unreadable",
    `The file ends, or a part of it does, before the field at byte ${at} does.`,
    {
      hint: "It is cut off. Download or export it again.",
    },
  );
}

function malformed(what: string, at: number): AppError {
  return new AppError("file-unreadable", `The file is damaged: ${what}, at byte ${at}.`, {
    hint: "Download or export it again.",
  });
}
