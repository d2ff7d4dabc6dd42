/** What each of a pickle's instructions does, by opcode and under the names of Python's `pickletools`. */
import type { AppError } from "../contract/errors.ts";
import type { PickleMachine } from "./pickleMachine.ts";
import { latin1, pickleFault, pickleRefusal } from "./pickleValues.ts";

type Instruction = readonly [opcode: number, name: string, run: (machine: PickleMachine) => void];

/** Numbers, texts and bytes, which stand in the file as they are. */
const plainValues: readonly Instruction[] = [
  [0x4e, "NONE", (m) => m.push(null)],
  [0x88, "NEWTRUE", (m) => m.push(true)],
  [0x89, "NEWFALSE", (m) => m.push(false)],
  [0x4a, "BININT", (m) => m.push(m.cursor.int32())],
  [0x4b, "BININT1", (m) => m.push(m.cursor.byte())],
  [0x4d, "BININT2", (m) => m.push(m.cursor.uint16())],
  [0x8a, "LONG1", (m) => m.push(m.cursor.integer(m.cursor.byte()))],
  [0x8b, "LONG4", (m) => m.push(m.cursor.integer(m.cursor.uint32()))],
  [0x47, "BINFLOAT", (m) => m.push(m.cursor.float64())],
  [0x58, "BINUNICODE", (m) => m.push(m.cursor.text(m.cursor.uint32()))],
  [0x8c, "SHORT_BINUNICODE", (m) => m.push(m.cursor.text(m.cursor.byte()))],
  [0x8d, "BINUNICODE8", (m) => m.push(m.cursor.text(m.cursor.length64("a string")))],
  [0x54, "BINSTRING", (m) => m.push(latin1(m.cursor.block(m.cursor.uint32())))], // Python 2's str
  [0x55, "SHORT_BINSTRING", (m) => m.push(latin1(m.cursor.block(m.cursor.byte())))],
  [0x42, "BINBYTES", (m) => m.push(m.cursor.block(m.cursor.uint32()))],
  [0x43, "SHORT_BINBYTES", (m) => m.push(m.cursor.block(m.cursor.byte()))],
  [0x8e, "BINBYTES8", (m) => m.push(m.cursor.block(m.cursor.length64("a byte string")))],
  [0x96, "BYTEARRAY8", (m) => m.push(m.cursor.block(m.cursor.length64("a byte string")))],
];

/** Lists, tuples, sets and dicts. */
const containers: readonly Instruction[] = [
  [0x5d, "EMPTY_LIST", (m) => m.pushList([])],
  [0x8f, "EMPTY_SET", (m) => m.pushList([])], // a list serves, nothing looks a member up
  [0x6c, "LIST", (m) => m.pushList(m.popToMark())],
  [0x61, "APPEND", (m) => m.append([m.pop()])],
  [0x65, "APPENDS", (m) => m.append(m.popToMark())],
  [0x90, "ADDITEMS", (m) => m.append(m.popToMark())],
  [0x29, "EMPTY_TUPLE", (m) => m.pushTuple([])],
  [0x74, "TUPLE", (m) => m.pushTuple(m.popToMark())],
  [0x85, "TUPLE1", (m) => m.pushTuple(m.popSome(1))],
  [0x86, "TUPLE2", (m) => m.pushTuple(m.popSome(2))],
  [0x87, "TUPLE3", (m) => m.pushTuple(m.popSome(3))],
  [0x7d, "EMPTY_DICT", (m) => m.pushDict([])],
  [0x64, "DICT", (m) => m.pushDict(m.popToMark())],
  [0x73, "SETITEM", (m) => m.setItems(m.popSome(2))],
  [0x75, "SETITEMS", (m) => m.setItems(m.popToMark())],
];

/** What concerns the machine itself. */
const stackAndMemo: readonly Instruction[] = [
  [0x80, "PROTO", (m) => checkProtocol(m.cursor.byte())],
  [0x95, "FRAME", (m) => m.cursor.frame()],
  [0x28, "MARK", (m) => m.mark()],
  [0x30, "POP", (m) => m.popValueOrMark()],
  [0x31, "POP_MARK", (m) => m.popToMark()],
  [0x32, "DUP", (m) => m.push(m.top())],
  [0x71, "BINPUT", (m) => m.memorise(m.cursor.byte())],
  [0x72, "LONG_BINPUT", (m) => m.memorise(m.cursor.uint32())],
  [0x94, "MEMOIZE", (m) => m.memoriseNext()],
  [0x68, "BINGET", (m) => m.recall(m.cursor.byte())],
  [0x6a, "LONG_BINGET", (m) => m.recall(m.cursor.uint32())],
];

/** Names, calls and what the host makes of them. */
const objects: readonly Instruction[] = [
  [0x63, "GLOBAL", (m) => pushGlobal(m, m.cursor.line(), m.cursor.line())],
  [0x93, "STACK_GLOBAL", pushGlobalOfStack],
  [0x52, "REDUCE", (m) => m.call()],
  [0x81, "NEWOBJ", (m) => m.call()],
  [0x62, "BUILD", (m) => m.build()],
  [0x51, "BINPERSID", (m) => m.push(m.host.loadPersistent(m.pop()))],
];

/** They make objects of arbitrary classes. */
const refused: readonly Instruction[] = [
  [0x69, "INST", () => refuse("INST")],
  [0x6f, "OBJ", () => refuse("OBJ")],
  [0x92, "NEWOBJ_EX", () => refuse("NEWOBJ_EX")],
  [0x82, "EXT1", () => refuse("EXT1")],
  [0x83, "EXT2", () => refuse("EXT2")],
  [0x84, "EXT4", () => refuse("EXT4")],
  [0x50, "PERSID", () => refuse("PERSID")],
];

/** Ends the pickle; all others are carried out by `runInstruction`. */
export const stop = 0x2e;

const byOpcode: ((machine: PickleMachine) => void)[] = [];
for (const [opcode, , run] of [...plainValues, ...containers, ...stackAndMemo, ...objects, ...refused])
  byOpcode[opcode] = run;

/** @throws AppError for an instruction that is refused or unknown, or cannot be carried out. */
export function runInstruction(opcode: number, machine: PickleMachine): void {
  const run = byOpcode[opcode];
  if (run === undefined) throw unknownInstruction(opcode, machine.cursor.at - 1);
  run(machine);
}

function checkProtocol(protocol: number): void {
  if (protocol < 2 || protocol > 5) throw pickleFault(`pickle protocol ${protocol} is unknown`);
}

function pushGlobal(machine: PickleMachine, module: string, name: string): void {
  machine.push(machine.host.findGlobal(module, name));
}

function pushGlobalOfStack(machine: PickleMachine): void {
  const name = machine.popString("a name");
  pushGlobal(machine, machine.popString("a module"), name);
}

function refuse(instruction: string): never {
  throw pickleRefusal(`it uses the instruction ${instruction}, which tensors do not need`);
}

/** Not of a pickle of our time. */
function unknownInstruction(opcode: number, at: number): AppError {
  return pickleFault(`the instruction 0x${opcode.toString(16).padStart(2, "0")} at byte ${at} is unknown`);
}
