/**
 * A pickle machine that can build data and nothing else.
 *
 * Python's pickle is a program for a small stack machine, and its GLOBAL and REDUCE instructions may name and
 * call any function. Here a name means only what `findGlobal` says it means; everything it does not know ends the
 * reading. No instruction loops or allocates by a number from the file, and what is built or copied is paid for
 * from a budget, so work is bounded by the file's length.
 */
import type { AppError } from "../contract/errors.ts";
import { PickleBudget, pickleCosts } from "./pickleBudget.ts";
import { PickleCursor } from "./pickleCursor.ts";
import {
  describePickle,
  latin1,
  PickleDict,
  pickleFault,
  PickleGlobal,
  PickleList,
  PickleObject,
  PickleOrderedDict,
  pickleRefusal,
  PickleTuple,
  type PickleValue,
} from "./pickleValues.ts";

export interface PickleHost {
  /** @throws AppError for every name that is not permitted. */
  findGlobal(module: string, name: string): PickleGlobal;
  /** Of BINPERSID. */
  loadPersistent(id: PickleValue): PickleValue;
}

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
  const cursor = new PickleCursor(bytes, start);
  const machine = new PickleMachine(cursor, host, new PickleBudget(bytes.length - start));
  while (machine.step());
  return { value: machine.result(), end: cursor.at };
}

class PickleMachine {
  readonly #stack: PickleValue[] = [];
  readonly #marks: number[] = [];
  readonly #memo = new Map<number, PickleValue>();
  readonly #cursor: PickleCursor;
  readonly #host: PickleHost;
  readonly #budget: PickleBudget;

  constructor(cursor: PickleCursor, host: PickleHost, budget: PickleBudget) {
    this.#cursor = cursor;
    this.#host = host;
    this.#budget = budget;
  }

  /** Of STOP. */
  result(): PickleValue {
    return this.#pop();
  }

  /** Carries out one instruction. @returns false at the last. */
  step(): boolean {
    this.#budget.spend(pickleCosts.instruction);
    const opcode = this.#cursor.opcode();
    if (opcode === 0x2e) return false; // STOP
    const value = this.#plainValue(opcode);
    if (value !== undefined) this.#stack.push(value);
    else if (!this.#container(opcode) && !this.#stackOrMemo(opcode)) this.#object(opcode);
    return true;
  }

  /** Numbers, texts and bytes, which stand in the file as they are; undefined for every other instruction. */
  #plainValue(opcode: number): PickleValue | undefined {
    const cursor = this.#cursor;
    switch (opcode) {
      case 0x4e: // NONE
        return null;
      case 0x88: // NEWTRUE
        return true;
      case 0x89: // NEWFALSE
        return false;
      case 0x4a: // BININT
        return cursor.int32();
      case 0x4b: // BININT1
        return cursor.byte();
      case 0x4d: // BININT2
        return cursor.uint16();
      case 0x8a: // LONG1
        return cursor.integer(cursor.byte());
      case 0x8b: // LONG4
        return cursor.integer(cursor.uint32());
      case 0x47: // BINFLOAT
        return cursor.float64();
      case 0x58: // BINUNICODE
        return cursor.text(cursor.uint32());
      case 0x8c: // SHORT_BINUNICODE
        return cursor.text(cursor.byte());
      case 0x8d: // BINUNICODE8
        return cursor.text(cursor.length64("a string"));
      case 0x54: // BINSTRING, Python 2's str
        return latin1(cursor.block(cursor.uint32()));
      case 0x55: // SHORT_BINSTRING
        return latin1(cursor.block(cursor.byte()));
      case 0x42: // BINBYTES
        return cursor.block(cursor.uint32());
      case 0x43: // SHORT_BINBYTES
        return cursor.block(cursor.byte());
      case 0x8e: // BINBYTES8
      case 0x96: // BYTEARRAY8
        return cursor.block(cursor.length64("a byte string"));
      default:
        return undefined;
    }
  }

  /** Lists, tuples, sets and dicts. @returns whether the instruction is one of theirs. */
  #container(opcode: number): boolean {
    switch (opcode) {
      case 0x5d: // EMPTY_LIST
      case 0x8f: // EMPTY_SET: a list serves, nothing looks a member up
        this.#pushList([]);
        return true;
      case 0x6c: // LIST
        this.#pushList(this.#popToMark());
        return true;
      case 0x61: // APPEND
        this.#append([this.#pop()]);
        return true;
      case 0x65: // APPENDS
      case 0x90: // ADDITEMS
        this.#append(this.#popToMark());
        return true;
      case 0x29: // EMPTY_TUPLE
        this.#pushTuple([]);
        return true;
      case 0x74: // TUPLE
        this.#pushTuple(this.#popToMark());
        return true;
      case 0x85: // TUPLE1
      case 0x86: // TUPLE2
      case 0x87: // TUPLE3
        this.#pushTuple(this.#popSome(opcode - 0x84));
        return true;
      case 0x7d: // EMPTY_DICT
        this.#pushDict();
        return true;
      case 0x64: {
        const items = this.#popToMark(); // DICT
        this.#pushDict();
        this.#setItems(items);
        return true;
      }
      case 0x73: // SETITEM
        this.#setItems(this.#popSome(2));
        return true;
      case 0x75: // SETITEMS
        this.#setItems(this.#popToMark());
        return true;
      default:
        return false;
    }
  }

  /** What concerns the machine itself. @returns whether the instruction is one of these. */
  #stackOrMemo(opcode: number): boolean {
    const cursor = this.#cursor;
    switch (opcode) {
      case 0x80: {
        const protocol = cursor.byte(); // PROTO
        if (protocol < 2 || protocol > 5) throw pickleFault(`pickle protocol ${protocol} is unknown`);
        return true;
      }
      case 0x95: // FRAME
        cursor.frame();
        return true;
      case 0x28: // MARK
        this.#marks.push(this.#stack.length);
        return true;
      case 0x30: // POP
        if (this.#stack.length === this.#floor() && this.#marks.length > 0) this.#marks.pop();
        else this.#pop();
        return true;
      case 0x31: // POP_MARK
        this.#popToMark();
        return true;
      case 0x32: // DUP
        this.#stack.push(this.#top());
        return true;
      case 0x71: // BINPUT
        this.#memorise(cursor.byte());
        return true;
      case 0x72: // LONG_BINPUT
        this.#memorise(cursor.uint32());
        return true;
      case 0x94: // MEMOIZE
        this.#memorise(this.#memo.size);
        return true;
      case 0x68: // BINGET
        this.#recall(cursor.byte());
        return true;
      case 0x6a: // LONG_BINGET
        this.#recall(cursor.uint32());
        return true;
      default:
        return false;
    }
  }

  /** Names, calls and what `host` makes of them. */
  #object(opcode: number): void {
    const cursor = this.#cursor;
    switch (opcode) {
      case 0x63: {
        const module = cursor.line(); // GLOBAL
        this.#stack.push(this.#host.findGlobal(module, cursor.line()));
        return;
      }
      case 0x93: {
        const name = this.#popString("a name"); // STACK_GLOBAL
        this.#stack.push(this.#host.findGlobal(this.#popString("a module"), name));
        return;
      }
      case 0x52: // REDUCE
      case 0x81: // NEWOBJ
        this.#call();
        return;
      case 0x62: {
        const state = this.#pop(); // BUILD
        const target = this.#top();
        if (target instanceof PickleOrderedDict) return;
        if (!(target instanceof PickleObject)) throw pickleRefusal("it sets attributes of a plain value");
        target.build(state, this.#budget);
        return;
      }
      case 0x51: // BINPERSID
        this.#stack.push(this.#host.loadPersistent(this.#pop()));
        return;
      default:
        throw unknownInstruction(opcode, cursor.at - 1);
    }
  }

  #call(): void {
    const args = this.#pop();
    if (!(args instanceof PickleTuple)) throw pickleFault("arguments are not a tuple");
    const callee = this.#pop();
    if (!(callee instanceof PickleGlobal) || callee.call === null)
      throw pickleRefusal(`it calls ${describePickle(callee)}, which is not a function`);
    this.#budget.spend(pickleCosts.dict);
    this.#stack.push(callee.call(args.items, this.#budget));
  }

  #pushList(items: readonly PickleValue[]): void {
    this.#budget.spend(pickleCosts.sequence);
    const list = new PickleList();
    for (const item of items) list.items.push(item);
    this.#stack.push(list);
  }

  #pushTuple(items: readonly PickleValue[]): void {
    this.#budget.spend(pickleCosts.sequence);
    this.#stack.push(new PickleTuple(items));
  }

  #pushDict(): void {
    this.#budget.spend(pickleCosts.dict);
    this.#stack.push(new PickleDict());
  }

  #append(items: readonly PickleValue[]): void {
    const target = this.#top();
    if (!(target instanceof PickleList)) throw pickleFault("it appends to something that is not a list");
    for (const item of items) target.items.push(item);
  }

  #setItems(items: readonly PickleValue[]): void {
    const target = this.#top();
    if (!(target instanceof PickleDict))
      throw pickleFault("it stores an item in something that is not a dict");
    if (items.length % 2 !== 0) throw pickleFault("a key has no value");
    this.#budget.spend(pickleCosts.item * items.length);
    for (let i = 0; i < items.length; i += 2)
      target.entries.set(items[i] as PickleValue, items[i + 1] as PickleValue);
  }

  #memorise(slot: number): void {
    this.#budget.spend(pickleCosts.memo);
    this.#memo.set(slot, this.#top());
  }

  #recall(slot: number): void {
    const value = this.#memo.get(slot);
    if (value === undefined) throw pickleFault(`memo slot ${slot} is empty at byte ${this.#cursor.at}`);
    this.#stack.push(value);
  }

  #floor(): number {
    return this.#marks[this.#marks.length - 1] ?? 0;
  }

  #pop(): PickleValue {
    if (this.#stack.length <= this.#floor())
      throw pickleFault(`the stack is empty at byte ${this.#cursor.at - 1}`);
    return this.#stack.pop() as PickleValue;
  }

  #top(): PickleValue {
    const value = this.#pop();
    this.#stack.push(value);
    return value;
  }

  /** In the order they were pushed. */
  #popSome(count: number): PickleValue[] {
    return Array.from({ length: count }, () => this.#pop()).reverse();
  }

  #popToMark(): PickleValue[] {
    const mark = this.#marks.pop();
    if (mark === undefined) throw pickleFault(`there is no mark at byte ${this.#cursor.at - 1}`);
    return this.#stack.splice(mark);
  }

  #popString(what: string): string {
    const value = this.#pop();
    if (typeof value !== "string") throw pickleFault(`${what} is not a string`);
    return value;
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
