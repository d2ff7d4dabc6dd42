/** What a pickle is made of: the values it may build, and how they are named in messages. */
import { AppError } from "../contract/errors.ts";
import type { PickleBudget } from "./pickleBudget.ts";
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
/** Copying is work that no byte of the file stands for, so whoever copies pays for it. */
export type PickleFunction = (args: readonly PickleValue[], budget: PickleBudget) => PickleValue;
/** What a permitted name stands for. */
export class PickleGlobal {
  /** "torch.FloatStorage". */
  readonly name: string;
  /** Of REDUCE and, for classes, NEWOBJ; null for names that are only mentioned. */
  readonly call: PickleFunction | null;
  constructor(name: string, call: PickleGlobal["call"]) {
    this.name = name;
    this.call = call;
  }
}
/** Anything `findGlobal`'s functions make. */
export abstract class PickleObject {
  /** Of BUILD. @throws AppError unless the object has a use for a state. */
  build(_state: PickleValue, _budget: PickleBudget): void {
    throw pickleFault(`it sets the state of a ${this.constructor.name}`);
  }
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
