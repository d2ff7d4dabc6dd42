import { AppError } from "../src/contract/errors.ts";
import { KeyQueue, requireWholeBatches } from "../src/ml/losses/queue.ts";
import { knownUnitRows } from "../src/ml/tensors/unitRows.ts";
import * as tf from "../src/ml/tfjs/tf.ts";
import { checkedEqual, type CheckRow } from "./checkRow.ts";
import { arrayOf, floatsOf, listAt, matrixShape, NotUnderstood, type Fixture } from "./fixture.ts";

/** The fixture's two rings: MoCo's stores a key per column, CompRess's per row and wraps. */
const rings = [
  { name: "moco", keysAreColumns: true },
  { name: "ring", keysAreColumns: false },
] as const;

/** Ring-buffer writes of a 3_disco/queue_semantics fixture, on the current backend. */
export async function verifyQueue(fixture: Fixture): Promise<CheckRow[]> {
  const rows: CheckRow[] = [];
  for (const { name, keysAreColumns } of rings) {
    const stored = (array: string): tf.Tensor2D =>
      tf.tidy(() => {
        const tensor = tf.tensor2d(floatsOf(fixture, array), [...matrixShape(fixture, array)]);
        return keysAreColumns ? tf.transpose(tensor) : tensor;
      });
    const queue = new KeyQueue(knownUnitRows(stored(`${name}.initial`)));
    const pointers = listAt(fixture.manifest, `${name}_ptr_after`).map(Number);
    for (const [step, pointer] of pointers.entries()) {
      const keys = tf.tensor2d(floatsOf(fixture, `keys.${step}`), [...matrixShape(fixture, `keys.${step}`)]);
      queue.enqueue(knownUnitRows(keys));
      const golden = stored(`${name}.after.${step}`);
      rows.push(
        checkedEqual(`${name}: after batch ${step}`, await queue.keys().data(), await golden.data()),
        checkedEqual(`${name}: pointer after batch ${step}`, [queue.next], [pointer]),
      );
      tf.dispose([keys, golden]);
    }
    queue.dispose();
  }
  const batch = arrayOf(fixture, "keys.0").shape[0];
  if (batch === undefined) throw new NotUnderstood("keys.0 has no rows");
  const undividable = arrayOf(fixture, "ring.initial").shape[0]!;
  if (undividable % batch !== 0)
    rows.push(
      checkedEqual(
        `a MoCo queue of ${undividable} is refused for batches of ${batch}`,
        [refuses(undividable, batch)],
        [true],
      ),
    );
  return rows;
}

function refuses(capacity: number, batch: number): boolean {
  try {
    requireWholeBatches(capacity, batch);
    return false;
  } catch (error) {
    return error instanceof AppError && error.code === "config-invalid";
  }
}
