/**
 * A pickle machine that can build data and nothing else.
 *
 * Python's pickle is a program for a small stack machine, and its GLOBAL and REDUCE instructions may name and
 * call any function. Here a name means only what `findGlobal` says it means; everything it does not know ends the
 * reading. No instruction loops or allocates by a number from the file, so work is bounded by the file's length.
 */
import { AppError } from "../contract/errors.ts";
import { quote } from "./quote.ts";

export type PickleValue =
  | null
  | boolean
  | number
  | bigint // integers beyond 2^53
  | string
  | Uint8Array<ArrayBuffer>
  | PickleList
  | PickleTuple
  | PickleDict
  | PickleGlobal
  | PickleObject;

export class PickleList {
  readonly items: PickleValue[] = [];
}
export class PickleTuple {
  readonly items: readonly PickleValue[];
  constructor(items: readonly PickleValue[]) {
    this.items = items;
  }
}
export class PickleDict {
  readonly entries = new Map<PickleValue, PickleValue>();
}
/** Unlike a plain dict it may be given attributes (`_metadata` of a state dict); nothing here needs them. */
export class PickleOrderedDict extends PickleDict {}
/** What a permitted name stands for. */
export class PickleGlobal {
  /** "torch.FloatStorage". */
  readonly name: string;
  /** Of REDUCE and, for classes, NEWOBJ; null for names that are only mentioned. */
  readonly call: ((args: readonly PickleValue[]) => PickleValue) | null;
  constructor(name: string, call: PickleGlobal["call"]) {
    this.name = name;
    this.call = call;
  }
}
/** Anything `findGlobal`'s functions make. */
export abstract class PickleObject {
  /** Of BUILD. @throws AppError unless the object has a use for a state. */
  build(_state: PickleValue): void {
    throw pickleFault(`it sets the state of a ${this.constructor.name}`);
  }
}

export interface PickleHost {
  /** @throws AppError for every name that is not permitted. */
  findGlobal(module: string, name: string): PickleGlobal;
  /** Of BINPERSID. */
  loadPersistent(id: PickleValue): PickleValue;
}

export function pickleFault(what: string): AppError {
  return new AppError("file-unreadable", `The checkpoint's pickle is not valid: ${what}.`, {
    hint: "The file is damaged, or was not written by torch.save.",
  });
}

export function pickleRefusal(what: string): AppError {
  return new AppError("file-refused", `The checkpoint was refused: ${what}.`, {
    hint: "Only tensors and plain values are read. Save a state dict: torch.save(model.state_dict(), path).",
  });
}

const maxIntegerBytes = 512;

/**
 * Runs one pickle.
 *
 * @returns its value and where it ended, since old checkpoints hold several one after another.
 */
export function readPickle(
  bytes: Uint8Array<ArrayBuffer>,
  host: PickleHost,
  start = 0,
): { value: PickleValue; end: number } {
  const data = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const stack: PickleValue[] = [];
  const marks: number[] = [];
  const memo = new Map<number, PickleValue>();
  let at = start;

  const take = (length: number, what: string): number => {
    if (length > bytes.length - at)
      throw pickleFault(`${what} of ${length} bytes at byte ${at} runs past its end`);
    const from = at;
    at += length;
    return from;
  };
  const byte = (): number => data.getUint8(take(1, "a number"));
  const uint16 = (): number => data.getUint16(take(2, "a number"), true);
  const uint32 = (): number => data.getUint32(take(4, "a number"), true);
  const length64 = (what: string): number => {
    const length = data.getBigUint64(take(8, "a length"), true);
    if (length > BigInt(bytes.length)) throw pickleFault(`${what} of ${length} bytes runs past its end`);
    return Number(length);
  };
  const block = (length: number): Uint8Array<ArrayBuffer> => {
    const from = take(length, "a byte string");
    return bytes.subarray(from, from + length);
  };
  const text = (length: number): string => {
    const from = take(length, "a string");
    try {
      return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes.subarray(from, at));
    } catch {
      throw pickleFault(`the string at byte ${from} is not UTF-8`);
    }
  };
  const line = (): string => {
    const end = bytes.indexOf(0x0a, at);
    if (end < 0) throw pickleFault(`the name at byte ${at} does not end`);
    const name = text(end - at);
    at = end + 1;
    return name;
  };
  const integer = (length: number): number | bigint => {
    if (length > maxIntegerBytes) throw pickleFault(`an integer of ${length} bytes`);
    const from = take(length, "an integer");
    let value = 0n;
    for (let i = length - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[from + i] as number);
    if (length > 0) value = BigInt.asIntN(length * 8, value);
    const small = Number(value);
    return Number.isSafeInteger(small) ? small : value;
  };

  const floor = (): number => marks[marks.length - 1] ?? 0;
  const pop = (): PickleValue => {
    if (stack.length <= floor()) throw pickleFault(`the stack is empty at byte ${at - 1}`);
    return stack.pop() as PickleValue;
  };
  const top = (): PickleValue => {
    const value = pop();
    stack.push(value);
    return value;
  };
  const popToMark = (): PickleValue[] => {
    const mark = marks.pop();
    if (mark === undefined) throw pickleFault(`there is no mark at byte ${at - 1}`);
    return stack.splice(mark);
  };
  const popString = (what: string): string => {
    const value = pop();
    if (typeof value !== "string") throw pickleFault(`${what} is not a string`);
    return value;
  };
  const popArguments = (): readonly PickleValue[] => {
    const value = pop();
    if (!(value instanceof PickleTuple)) throw pickleFault("arguments are not a tuple");
    return value.items;
  };
  const call = (args: readonly PickleValue[]): void => {
    const callee = pop();
    if (!(callee instanceof PickleGlobal) || callee.call === null)
      throw pickleRefusal(`it calls ${describePickle(callee)}, which is not a function`);
    stack.push(callee.call(args));
  };
  const setItems = (items: readonly PickleValue[]): void => {
    const target = top();
    if (!(target instanceof PickleDict))
      throw pickleFault("it stores an item in something that is not a dict");
    if (items.length % 2 !== 0) throw pickleFault("a key has no value");
    for (let i = 0; i < items.length; i += 2)
      target.entries.set(items[i] as PickleValue, items[i + 1] as PickleValue);
  };
  const append = (items: readonly PickleValue[]): void => {
    const target = top();
    if (!(target instanceof PickleList)) throw pickleFault("it appends to something that is not a list");
    for (const item of items) target.items.push(item);
  };
  const recall = (slot: number): void => {
    const value = memo.get(slot);
    if (value === undefined) throw pickleFault(`memo slot ${slot} is empty at byte ${at}`);
    stack.push(value);
  };

  for (;;) {
    const opcode = data.getUint8(take(1, "an instruction"));
    switch (opcode) {
      case 0x80: {
        const protocol = byte();
        if (protocol < 2 || protocol > 5) throw pickleFault(`pickle protocol ${protocol} is unknown`);
        break;
      }
      case 0x95: // FRAME
        if (length64("a frame") > bytes.length - at) throw pickleFault("a frame runs past its end");
        break;
      case 0x2e: // STOP
        return { value: pop(), end: at };
      case 0x28: // MARK
        marks.push(stack.length);
        break;
      case 0x30: // POP
        if (stack.length === floor() && marks.length > 0) marks.pop();
        else pop();
        break;
      case 0x31: // POP_MARK
        popToMark();
        break;
      case 0x32: // DUP
        stack.push(top());
        break;
      case 0x4e: // NONE
        stack.push(null);
        break;
      case 0x88: // NEWTRUE
        stack.push(true);
        break;
      case 0x89: // NEWFALSE
        stack.push(false);
        break;
      case 0x4a: // BININT
        stack.push(data.getInt32(take(4, "a number"), true));
        break;
      case 0x4b: // BININT1
        stack.push(byte());
        break;
      case 0x4d: // BININT2
        stack.push(uint16());
        break;
      case 0x8a: // LONG1
        stack.push(integer(byte()));
        break;
      case 0x8b: // LONG4
        stack.push(integer(uint32()));
        break;
      case 0x47: // BINFLOAT
        stack.push(data.getFloat64(take(8, "a number"), false));
        break;
      case 0x58: // BINUNICODE
        stack.push(text(uint32()));
        break;
      case 0x8c: // SHORT_BINUNICODE
        stack.push(text(byte()));
        break;
      case 0x8d: // BINUNICODE8
        stack.push(text(length64("a string")));
        break;
      case 0x54: // BINSTRING, Python 2's str
        stack.push(latin1(block(uint32())));
        break;
      case 0x55: // SHORT_BINSTRING
        stack.push(latin1(block(byte())));
        break;
      case 0x42: // BINBYTES
        stack.push(block(uint32()));
        break;
      case 0x43: // SHORT_BINBYTES
        stack.push(block(byte()));
        break;
      case 0x8e: // BINBYTES8
      case 0x96: // BYTEARRAY8
        stack.push(block(length64("a byte string")));
        break;
      case 0x5d: // EMPTY_LIST
        stack.push(new PickleList());
        break;
      case 0x61: {
        const item = pop(); // APPEND
        append([item]);
        break;
      }
      case 0x65: // APPENDS
        append(popToMark());
        break;
      case 0x6c: {
        const list = new PickleList(); // LIST
        for (const item of popToMark()) list.items.push(item);
        stack.push(list);
        break;
      }
      case 0x29: // EMPTY_TUPLE
        stack.push(new PickleTuple([]));
        break;
      case 0x74: // TUPLE
        stack.push(new PickleTuple(popToMark()));
        break;
      case 0x85: // TUPLE1
        stack.push(new PickleTuple([pop()]));
        break;
      case 0x86: {
        const second = pop(); // TUPLE2
        stack.push(new PickleTuple([pop(), second]));
        break;
      }
      case 0x87: {
        const third = pop(); // TUPLE3
        const second = pop();
        stack.push(new PickleTuple([pop(), second, third]));
        break;
      }
      case 0x7d: // EMPTY_DICT
        stack.push(new PickleDict());
        break;
      case 0x64: {
        const items = popToMark(); // DICT
        stack.push(new PickleDict());
        setItems(items);
        break;
      }
      case 0x73: {
        const value = pop(); // SETITEM
        const key = pop();
        setItems([key, value]);
        break;
      }
      case 0x75: // SETITEMS
        setItems(popToMark());
        break;
      case 0x8f: // EMPTY_SET: a list serves, nothing looks a member up
        stack.push(new PickleList());
        break;
      case 0x90: // ADDITEMS
        append(popToMark());
        break;
      case 0x71: // BINPUT
        memo.set(byte(), top());
        break;
      case 0x72: // LONG_BINPUT
        memo.set(uint32(), top());
        break;
      case 0x94: // MEMOIZE
        memo.set(memo.size, top());
        break;
      case 0x68: // BINGET
        recall(byte());
        break;
      case 0x6a: // LONG_BINGET
        recall(uint32());
        break;
      case 0x63: {
        const module = line(); // GLOBAL
        stack.push(host.findGlobal(module, line()));
        break;
      }
      case 0x93: {
        const name = popString("a name"); // STACK_GLOBAL
        stack.push(host.findGlobal(popString("a module"), name));
        break;
      }
      case 0x52: // REDUCE
      case 0x81: // NEWOBJ
        call(popArguments());
        break;
      case 0x62: {
        const state = pop(); // BUILD
        const target = top();
        if (target instanceof PickleOrderedDict) break;
        if (!(target instanceof PickleObject)) throw pickleRefusal("it sets attributes of a plain value");
        target.build(state);
        break;
      }
      case 0x51: // BINPERSID
        stack.push(host.loadPersistent(pop()));
        break;
      default:
        throw unknownInstruction(opcode, at - 1);
    }
  }
}

/** Instructions that make objects of arbitrary classes are refused by name; the rest is not a pickle of our time. */
function unknownInstruction(opcode: number, at: number): AppError {
  const calling = new Map([
    [0x69, "INST"],
    [0x6f, "OBJ"],
    [0x92, "NEWOBJ_EX"],
    [0x82, "EXT1"],
    [0x83, "EXT2"],
    [0x84, "EXT4"],
    [0x50, "PERSID"],
  ]).get(opcode);
  if (calling !== undefined)
    return pickleRefusal(`it uses the instruction ${calling}, which tensors do not need`);
  return pickleFault(`the instruction 0x${opcode.toString(16).padStart(2, "0")} at byte ${at} is unknown`);
}

export function latin1(bytes: Uint8Array): string {
  let text = "";
  for (const code of bytes) text += String.fromCharCode(code);
  return text;
}

/** For messages: what kind of value stands where another was expected. */
export function describePickle(value: PickleValue): string {
  if (typeof value === "string") return quote(value);
  if (value === null || typeof value !== "object") return String(value);
  if (value instanceof PickleGlobal) return value.name;
  if (value instanceof Uint8Array) return `${value.length} bytes`;
  return value.constructor.name;
}
