import type { TensorRole } from "../src/ml/models/network.ts";
import { checkedEqual, failed, type CheckRow } from "./checkRow.ts";
import { arrayOf, floatsOf, numberAt, objectAt, type Fixture } from "./fixture.ts";
import { hashImage, hashTensor } from "./hashUniform.ts";

/**
 * A 3_disco/initial_weights fixture: the formula's tensors and first views, bit for bit. Were they wrong, no other
 * fixture of the folder could be trusted. No backend takes part.
 */
export function verifyInitialWeights(fixture: Fixture): CheckRow[] {
  const names = Object.keys(objectAt(fixture.manifest, "arrays"));
  const rows: CheckRow[] = [];
  for (const network of ["student", "teacher"]) {
    // A tensor's number in the formula is its place in the state dict, which is the manifest's order.
    const own = names.filter((name) => name.startsWith(`${network}.`));
    if (own.length === 0) rows.push(failed(network, "NotUnderstood: it has no tensors"));
    const seed = numberAt(fixture.manifest, "seeds", network);
    const gain = numberAt(fixture.manifest, "gain");
    own.forEach((name, k) => {
      const { shape } = arrayOf(fixture, name);
      const role = roleOf(name, shape, names);
      const ours =
        network === "student" && isStatistic(role)
          ? new Float32Array(floatsOf(fixture, name).length).fill(role === "runningVar" ? 1 : 0) // starts afresh
          : hashTensor({ role, shape }, seed, k, gain);
      rows.push(checkedEqual(name, ours, floatsOf(fixture, name)));
    });
  }
  for (const [i, name] of names.filter((array) => /^view\d$/.test(array)).entries()) {
    const seed = numberAt(fixture.manifest, "seeds", "student");
    const image = hashImage(seed, 2000 + i, arrayOf(fixture, name).shape, 2 * i);
    rows.push(checkedEqual(name, Float32Array.from(image), floatsOf(fixture, name)));
  }
  return rows;
}

function roleOf(name: string, shape: readonly number[], names: readonly string[]): TensorRole {
  const owner = name.slice(0, name.lastIndexOf("."));
  const inBatchNorm = names.includes(`${owner}.running_mean`);
  if (name.endsWith("running_mean")) return "runningMean";
  if (name.endsWith("running_var")) return "runningVar";
  if (name.endsWith("num_batches_tracked")) return "batchesTracked";
  if (name.endsWith(".bias")) return inBatchNorm ? "normBias" : "bias";
  if (inBatchNorm) return "normWeight";
  return shape.length === 2 ? "linearWeight" : "convWeight";
}

function isStatistic(role: TensorRole): boolean {
  return role === "runningMean" || role === "runningVar" || role === "batchesTracked";
}
