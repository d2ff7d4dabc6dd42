/**
 * A pickle machine that can build data and nothing else.
 *
 * Python's pickle is a program for a small stack machine, and its GLOBAL and REDUCE instructions may name and
 * call any function. Here a name means only what `findGlobal` says it means; everything it does not know ends the
 * reading. No instruction loops or allocates by a number from the file, and what is built or copied is paid for
 * from a budget, so work is bounded by the file's length.
 */
import { PickleBudget, pickleCosts } from "./pickleBudget.ts";
import { PickleCursor } from "./pickleCursor.ts";
import { runInstruction, stop } from "./pickleInstructions.ts";
import { PickleMachine, type PickleHost } from "./pickleMachine.ts";
import type { PickleValue } from "./pickleValues.ts";

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
  const budget = new PickleBudget(bytes.length - start);
  const machine = new PickleMachine(cursor, host, budget);
  for (;;) {
    budget.spend(pickleCosts.instruction);
    const opcode = cursor.opcode();
    if (opcode === stop) return { value: machine.pop(), end: cursor.at };
    runInstruction(opcode, machine);
  }
}
