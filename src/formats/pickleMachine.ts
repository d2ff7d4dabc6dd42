import { pickleCosts, type PickleBudget } from "./pickleBudget.ts";
import type { PickleCursor } from "./pickleCursor.ts";
import {
  describePickle,
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

/** The stack, marks and memo of a pickle machine, and what its instructions do to them. */
export class PickleMachine {
  readonly #stack: PickleValue[] = [];
  readonly #marks: number[] = [];
  readonly #memo = new Map<number, PickleValue>();
  readonly #budget: PickleBudget;
  /** Where the operands of instructions are read. */
  readonly cursor: PickleCursor;
  readonly host: PickleHost;

  constructor(cursor: PickleCursor, host: PickleHost, budget: PickleBudget) {
    this.cursor = cursor;
    this.host = host;
    this.#budget = budget;
  }

  push(value: PickleValue): void {
    this.#stack.push(value);
  }

  pop(): PickleValue {
    if (this.#stack.length <= this.#floor())
      throw pickleFault(`the stack is empty at byte ${this.cursor.at - 1}`);
    return this.#stack.pop() as PickleValue;
  }

  top(): PickleValue {
    const value = this.pop();
    this.#stack.push(value);
    return value;
  }

  /** In the order they were pushed. */
  popSome(count: number): PickleValue[] {
    return Array.from({ length: count }, () => this.pop()).reverse();
  }

  popString(what: string): string {
    const value = this.pop();
    if (typeof value !== "string") throw pickleFault(`${what} is not a string`);
    return value;
  }

  mark(): void {
    this.#marks.push(this.#stack.length);
  }

  popToMark(): PickleValue[] {
    const mark = this.#marks.pop();
    if (mark === undefined) throw pickleFault(`there is no mark at byte ${this.cursor.at - 1}`);
    return this.#stack.splice(mark);
  }

  /** A value, or a mark where that is on top. */
  popValueOrMark(): void {
    if (this.#stack.length === this.#floor() && this.#marks.length > 0) this.#marks.pop();
    else this.pop();
  }

  memorise(slot: number): void {
    this.#budget.spend(pickleCosts.memo);
    this.#memo.set(slot, this.top());
  }

  /** In the next slot that is free where slots are used in order. */
  memoriseNext(): void {
    this.memorise(this.#memo.size);
  }

  recall(slot: number): void {
    const value = this.#memo.get(slot);
    if (value === undefined) throw pickleFault(`memo slot ${slot} is empty at byte ${this.cursor.at}`);
    this.#stack.push(value);
  }

  pushList(items: readonly PickleValue[]): void {
    this.#budget.spend(pickleCosts.sequence);
    const list = new PickleList();
    for (const item of items) list.items.push(item);
    this.#stack.push(list);
  }

  pushTuple(items: readonly PickleValue[]): void {
    this.#budget.spend(pickleCosts.sequence);
    this.#stack.push(new PickleTuple(items));
  }

  /** @param items keys and values by turns. */
  pushDict(items: readonly PickleValue[]): void {
    this.#budget.spend(pickleCosts.dict);
    this.#stack.push(new PickleDict());
    if (items.length > 0) this.setItems(items);
  }

  /** To the list on top. */
  append(items: readonly PickleValue[]): void {
    const target = this.top();
    if (!(target instanceof PickleList)) throw pickleFault("it appends to something that is not a list");
    for (const item of items) target.items.push(item);
  }

  /** In the dict on top. @param items keys and values by turns. */
  setItems(items: readonly PickleValue[]): void {
    const target = this.top();
    if (!(target instanceof PickleDict))
      throw pickleFault("it stores an item in something that is not a dict");
    if (items.length % 2 !== 0) throw pickleFault("a key has no value");
    this.#budget.spend(pickleCosts.item * items.length);
    for (let i = 0; i < items.length; i += 2)
      target.entries.set(items[i] as PickleValue, items[i + 1] as PickleValue);
  }

  /** The function and the tuple of arguments on top. */
  call(): void {
    const args = this.pop();
    if (!(args instanceof PickleTuple)) throw pickleFault("arguments are not a tuple");
    const callee = this.pop();
    if (!(callee instanceof PickleGlobal) || callee.call === null)
      throw pickleRefusal(`it calls ${describePickle(callee)}, which is not a function`);
    this.#budget.spend(pickleCosts.dict);
    this.#stack.push(callee.call(args.items, this.#budget));
  }

  /** Sets the state of the object below it. */
  build(): void {
    const state = this.pop();
    const target = this.top();
    if (target instanceof PickleOrderedDict) return;
    if (!(target instanceof PickleObject)) throw pickleRefusal("it sets attributes of a plain value");
    target.build(state, this.#budget);
  }

  #floor(): number {
    return this.#marks[this.#marks.length - 1] ?? 0;
  }
}
