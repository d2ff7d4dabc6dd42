import { AppError } from "../src/contract/errors.ts";
import { readCheckpoint, type Checkpoint } from "../src/formats/checkpoint.ts";
import type { StoredTensor } from "../src/formats/storedTensor.ts";
import { checkedEqual, failed, type CheckRow } from "./checkRow.ts";
import {
  at,
  listAt,
  NotUnderstood,
  numberAt,
  textAt,
  type Fixture,
  type Json,
  type JsonObject,
} from "./fixture.ts";
import { hashTensor, tensorRoles } from "./hashUniform.ts";

/**
 * Files of a 7_checkpoints fixture: the good ones hold, bit for bit, what the manifest says; the others are
 * refused with a reason, or read only where its policy allows that.
 */
export async function verifyCheckpoints(fixture: Fixture): Promise<CheckRow[]> {
  const { readFile } = fixture;
  if (readFile === undefined) throw new NotUnderstood("the fixture comes without its files");
  const load = async (file: string): Promise<Checkpoint> => readCheckpoint(await readFile(file), file);
  const rows: CheckRow[] = [];
  for (const entry of listAt(fixture.manifest, "good")) {
    const file = textAt(entry, "file");
    try {
      rows.push(await checkGood(fixture.manifest, entry, await load(file), load));
    } catch (error) {
      rows.push(failed(file, String(error)));
    }
  }
  for (const entry of listAt(fixture.manifest, "broken_and_malicious"))
    rows.push(await checkBroken(textAt(entry, "file"), textAt(entry, "policy"), load));
  return rows;
}

type Load = (file: string) => Promise<Checkpoint>;
type Tensors = ReadonlyMap<string, StoredTensor>;

/** The manifest says in words what a file must hold; each way of saying it is one case here. */
async function checkGood(manifest: Json, entry: Json, checkpoint: Checkpoint, load: Load): Promise<CheckRow> {
  const file = textAt(entry, "file");
  const expected = textAt(entry, "expected");
  const { tensors } = checkpoint;
  const problems = checkScalars(entry, checkpoint);
  const names = (entry as JsonObject)["names"] as readonly string[] | undefined;
  const student = /^student = ([\w.]+\.safetensors); teacher by formula, seed (\d+), gain ([\d.]+)$/.exec(
    expected,
  );
  const same = /^([\w.]+\.safetensors)( \(contiguous copies\)| \(its parameters\))?$/.exec(expected);
  const listed = /^([\w., ]+) of ([\w.]+\.safetensors)$/.exec(expected);
  const formula = /^itself; formula: tensors, seed (\d+), gain ([\d.]+)/.exec(expected);
  if (names !== undefined) {
    problems.push(...compareNumbers(tensors, new Map(names.map((name, i) => [name, [i + 1, i + 1]]))));
  } else if (student !== null) {
    const [, reference = "", seed, gain] = student;
    const under = (top: string): Tensors =>
      new Map([...tensors].filter(([name]) => name.startsWith(`${top}.`)));
    problems.push(...compareTensors(under("student"), (await load(reference)).tensors));
    problems.push(...compareFormula(manifest, under("teacher"), Number(seed), Number(gain)));
  } else if (same !== null) {
    const [, reference = "", which = ""] = same;
    const golden = (await load(reference)).tensors;
    const buffer = /\.(running_mean|running_var|num_batches_tracked)$/;
    const wanted = which.includes("parameters") ? [...golden].filter(([name]) => !buffer.test(name)) : golden;
    problems.push(...compareTensors(tensors, new Map(wanted)));
  } else if (listed !== null) {
    const [, list = "", reference = ""] = listed;
    const golden = (await load(reference)).tensors;
    const wanted = list.split(", ").map((name) => bits(golden.get(name)));
    if ([...tensors.values()].map(bits).join() !== wanted.join())
      problems.push(`the tensors are not ${list}`);
  } else if (formula !== null) {
    problems.push(...compareFormula(manifest, tensors, Number(formula[1]), Number(formula[2])));
  } else if (expected === "no tensors") {
    if (tensors.size > 0) problems.push(`it has ${tensors.size} tensors`);
  } else if (expected === "itself") {
    if (tensors.size === 0) problems.push("it has no tensors");
    problems.push(...(await compareWidened(file, tensors, load)));
  } else {
    problems.push(...compareNumbers(tensors, parseValues(expected)));
  }
  return row(file, problems);
}

/** A file may hold another file's halves as float32, under "NAME.as_float32". */
async function compareWidened(file: string, tensors: Tensors, load: Load): Promise<string[]> {
  const widened = [...tensors].filter(([name]) => name.endsWith(".as_float32"));
  if (widened.length === 0) return [];
  const narrow = (await load(file.replace("_half_expanded", ""))).tensors;
  return widened.flatMap(([name, golden]) => {
    const values = narrow.get(name.slice(0, -".as_float32".length))?.toFloat32();
    const equal = values !== undefined && golden.toFloat32().every((value, i) => Object.is(value, values[i]));
    return equal ? [] : [`${name} is not what the half widens to`];
  });
}

/** "u8 = [1,2,3]; e = empty" and the like. @throws NotUnderstood for other words. */
function parseValues(expected: string): ReadonlyMap<string, readonly number[]> {
  const values = new Map<string, readonly number[]>();
  for (const part of expected.replace(/, little-endian$/, "").split("; ")) {
    const [, name, value] = /^(\w+) = (.+)$/.exec(part) ?? [];
    if (name === undefined || value === undefined || !/^(empty|[-\d.[\], ]+)$/.test(value))
      throw new NotUnderstood(`expected: ${expected}`);
    const parsed = value === "empty" ? [] : (JSON.parse(`[${value}]`) as readonly Json[]);
    values.set(name, (parsed as number[]).flat(8));
  }
  return values;
}

async function checkBroken(file: string, policy: string, load: Load): Promise<CheckRow> {
  const mustRefuse = /^(must|should) be refused(?! or (read|loaded|walked)|, or)|; must be refused/.test(
    policy,
  );
  const mayRefuse = /^(may|must|should) be (refused|read)/.test(policy);
  const mustReport = policy.startsWith("loads by the format");
  if (!mustRefuse && !mayRefuse && !mustReport) return failed(file, `NotUnderstood: policy ${policy}`);
  try {
    const { nonFinite, tensors } = await load(file);
    if (mustRefuse) return failed(file, "it was read, but must be refused");
    for (const tensor of tensors.values()) tensor.toFloat32();
    return row(file, mustReport && nonFinite.length === 0 ? ["its values were not reported"] : []);
  } catch (error) {
    const refusal = error instanceof AppError && error.message !== "";
    return row(file, refusal && !mustReport ? [] : [String(error)]);
  }
}

function checkScalars(entry: Json, { metadata, tensors }: Checkpoint): string[] {
  const scalars = ((entry as JsonObject)["scalars"] ?? {}) as JsonObject;
  return Object.entries(scalars).flatMap(([name, value]) => {
    const tensor = [...tensors].find(([path]) => path.endsWith(`.${name}`))?.[1];
    const found = metadata.get(name) ?? tensor?.toFloat32()[0];
    return found === value ? [] : [`${name} is ${String(found)}`];
  });
}

function compareNumbers(tensors: Tensors, golden: ReadonlyMap<string, readonly number[]>): string[] {
  const problems = tensors.size === golden.size ? [] : [`it has ${tensors.size} tensors, not ${golden.size}`];
  for (const [name, values] of golden) {
    const found = tensors.get(name)?.toFloat32();
    if (found?.join() !== values.join()) problems.push(`${name} is ${found?.join() ?? "missing"}`);
  }
  return problems;
}

/** Containers put something before a name, never after it. */
function compareTensors(tensors: Tensors, golden: Tensors): string[] {
  const problems = tensors.size === golden.size ? [] : [`it has ${tensors.size} tensors, not ${golden.size}`];
  for (const [name, tensor] of golden)
    if (bits(ending(tensors, name)) !== bits(tensor)) problems.push(`${name} is not the golden one`);
  return problems;
}

function compareFormula(manifest: Json, tensors: Tensors, seed: number, gain: number): string[] {
  const table = listAt(manifest, "state_dict", "rows");
  const problems =
    tensors.size === table.length ? [] : [`it has ${tensors.size} tensors, not ${table.length}`];
  for (const entry of table) {
    const name = textAt(entry, 1);
    const role = tensorRoles[textAt(entry, 2)];
    if (role === undefined) throw new NotUnderstood(`role ${textAt(entry, 2)}`);
    const golden = hashTensor({ role, shape: at(entry, 3) as number[] }, seed, numberAt(entry, 0), gain);
    if (ending(tensors, name)?.toFloat32().join() !== golden.join())
      problems.push(`${name} is not the golden one`);
  }
  return problems;
}

function ending(tensors: Tensors, name: string): StoredTensor | undefined {
  return tensors.get(name) ?? [...tensors].find(([path]) => path.endsWith(`.${name}`))?.[1];
}

/** Type, shape and every bit. */
function bits(tensor: StoredTensor | undefined): string {
  return tensor === undefined ? "" : `${tensor.dtype} [${tensor.shape.join()}] ${tensor.toBytes().join()}`;
}

function row(file: string, problems: readonly string[]): CheckRow {
  return problems.length === 0 ? checkedEqual(file, [], []) : failed(file, problems.slice(0, 5).join("; "));
}
