/**
 * The names a checkpoint may use, and what each stands for: tensors, their storages and types, ordered dicts, and
 * the harmless things that training scripts leave beside the weights: what PyTorch's own `weights_only=True` lets
 * pass, and numbers, paths and dates of Python and NumPy. Everything else is refused by name. An allow-list of modules would not do: `torch` has functions that run code.
 */
import { AppError } from "../contract/errors.ts";
import type { PickleHost } from "./pickleMachine.ts";
import { pickleCosts, type PickleBudget } from "./pickleBudget.ts";
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
  type PickleFunction,
  type PickleValue,
} from "./pickleValues.ts";
import { quote } from "./quote.ts";
import { elementBytes, elementCount, elementSpan, type ElementType } from "./storedTensor.ts";

/** A run of elements in the file that tensors are views of. Its bytes are found later, by its key. */
export class TorchStorage extends PickleObject {
  readonly key: string;
  /** Null: untyped, a run of bytes; the tensors say what they are. */
  readonly dtype: ElementType | null;
  /** In elements; in bytes if untyped. */
  readonly length: number;

  constructor(key: string, dtype: ElementType | null, length: number) {
    super();
    this.key = key;
    this.dtype = dtype;
    this.length = length;
  }
  get byteLength(): number {
    return this.length * (this.dtype === null ? 1 : elementBytes[this.dtype]);
  }
}

/** A view of a storage, its bounds checked against the storage's declared length. */
export class TorchTensor extends PickleObject {
  readonly storage: TorchStorage;
  readonly dtype: ElementType;
  /** In elements. */
  readonly offset: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];

  constructor(
    storage: TorchStorage,
    dtype: ElementType,
    offset: number,
    shape: readonly number[],
    strides: readonly number[],
  ) {
    super();
    this.storage = storage;
    this.dtype = dtype;
    this.offset = offset;
    this.shape = shape;
    this.strides = strides;
  }
}

/** `argparse.Namespace`: attributes, kept as the dict they are. */
export class TorchNamespace extends PickleObject {
  readonly attributes = new PickleDict();
  override build(state: PickleValue, budget: PickleBudget): void {
    if (!(state instanceof PickleDict)) throw pickleFault("the state of a Namespace is not a dict");
    budget.spend(pickleCosts.item * state.entries.size);
    for (const [key, value] of state.entries) this.attributes.entries.set(key, value);
  }
}

/** `numpy.dtype`, e.g. "f8". */
class NumpyType extends PickleObject {
  readonly code: string;
  littleEndian = true;
  constructor(code: string) {
    super();
    this.code = code;
  }
  override build(state: PickleValue): void {
    if (state instanceof PickleTuple && state.items[1] === ">") this.littleEndian = false;
  }
}

/** A value that is kept for its place only: a device, a path, a NumPy array that is no weight. */
class Inert extends PickleObject {
  override build(): void {
    // Whatever its state is, nobody asks for it.
  }
}
const inert = (): Inert => new Inert();

const storageTypes: ReadonlyMap<string, ElementType | null> = new Map([
  ["DoubleStorage", "float64"],
  ["FloatStorage", "float32"],
  ["HalfStorage", "float16"],
  ["BFloat16Storage", "bfloat16"],
  ["LongStorage", "int64"],
  ["IntStorage", "int32"],
  ["ShortStorage", "int16"],
  ["CharStorage", "int8"],
  ["ByteStorage", "uint8"],
  ["BoolStorage", "bool"],
  ["UntypedStorage", null],
]);

const dtypeNames: ReadonlyMap<string, ElementType> = new Map<string, ElementType>([
  ...(Object.keys(elementBytes) as ElementType[]).map((name) => [name, name] as const),
  ["double", "float64"],
  ["float", "float32"],
  ["half", "float16"],
  ["long", "int64"],
  ["int", "int32"],
  ["short", "int16"],
]);

const functions: ReadonlyMap<string, PickleFunction> = new Map<string, PickleFunction>([
  ["torch._utils._rebuild_tensor", rebuildTensor],
  ["torch._utils._rebuild_tensor_v2", rebuildTensor],
  ["torch._utils._rebuild_tensor_v3", rebuildTensorOfType],
  ["torch._utils._rebuild_parameter", rebuildParameter],
  ["torch._utils._rebuild_parameter_with_state", rebuildParameter],
  ["torch.nn.parameter.Parameter", rebuildParameter],
  ["torch._tensor._rebuild_from_type_v2", rebuildSubclass],
  ["torch.Size", sizeFrom],
  ["torch.device", inert],
  ["torch.Generator", inert],
  ["collections.OrderedDict", orderedDict],
  ["collections.Counter", dictFrom],
  ["collections.defaultdict", () => new PickleOrderedDict()],
  ["collections.deque", listFrom],
  ["builtins.dict", dictFrom],
  ["builtins.list", listFrom],
  ["builtins.set", listFrom],
  ["builtins.frozenset", listFrom],
  ["builtins.tuple", listFrom],
  ["builtins.bytearray", bytesFrom],
  ["builtins.bytes", bytesFrom],
  ...["builtins.complex", "builtins.slice", "builtins.range"].map((name) => [name, inert] as const),
  ...["builtins.int", "builtins.float", "builtins.str", "builtins.bool"].map(
    (name) => [name, inert] as const,
  ),
  ["argparse.Namespace", namespace],
  ["types.SimpleNamespace", namespace],
  ...["Path", "PosixPath", "WindowsPath", "PurePath", "PurePosixPath", "PureWindowsPath"].flatMap((name) =>
    ["pathlib", "pathlib._local"].map((module) => [`${module}.${name}`, inert] as const),
  ),
  ...["date", "time", "datetime", "timedelta", "timezone"].map(
    (name) => [`datetime.${name}`, inert] as const,
  ),
  ["numpy.dtype", numpyType],
  ...["numpy.core", "numpy._core"].flatMap(
    (module) =>
      [
        [`${module}.multiarray.scalar`, numpyScalar],
        [`${module}.multiarray._reconstruct`, inert],
        [`${module}.numeric._frombuffer`, inert],
      ] as const,
  ),
  ["_codecs.encode", encodeText],
]);

/** Names that are only mentioned, as the argument of a call. */
const mentioned: ReadonlySet<string> = new Set([
  "numpy.ndarray",
  "torch.Tensor",
  "torch.strided",
  ...["per_tensor_affine", "per_tensor_symmetric", "per_channel_affine", "per_channel_symmetric"].map(
    (name) => `torch.${name}`,
  ),
]);

/** Real PyTorch things that are not read here: unsupported rather than hostile. */
const unsupported: ReadonlyMap<string, string> = new Map([
  ["torch._utils._rebuild_sparse_tensor", "sparse tensors"],
  ["torch._utils._rebuild_sparse_csr_tensor", "sparse tensors"],
  ["torch.serialization._get_layout", "sparse tensors"],
  ["torch._utils._rebuild_nested_tensor", "nested tensors"],
  ["torch._utils._rebuild_qtensor", "quantised tensors"],
  ["torch.QInt8Storage", "quantised tensors"],
  ["torch.QInt32Storage", "quantised tensors"],
  ["torch.QUInt8Storage", "quantised tensors"],
  ["torch.QUInt4x2Storage", "quantised tensors"],
  ["torch.QUInt2x4Storage", "quantised tensors"],
  ["torch.ComplexFloatStorage", "complex tensors"],
  ["torch.ComplexDoubleStorage", "complex tensors"],
  ["torch.complex64", "complex tensors"],
  ["torch.complex128", "complex tensors"],
  ["torch.jit._pickle.build_intlist", "TorchScript programs"],
]);

/** Builds a checkpoint's objects and remembers the storages they need. */
export class TorchHost implements PickleHost {
  /** By key, as first declared. */
  readonly storages = new Map<string, TorchStorage>();
  /** What a storage key may look like: record names in a zip are paths, so nothing but these may go there. */
  private static readonly keyPattern = /^[0-9A-Za-z_]{1,64}$/;

  findGlobal(module: string, name: string): PickleGlobal {
    const full = `${module === "__builtin__" ? "builtins" : module}.${name}`; // Python 2's name, in protocol 2
    const call = name.includes(".") ? undefined : functions.get(full);
    if (call !== undefined) return new PickleGlobal(full, call);
    if (isStorageType(module, name) || (module === "torch" && dtypeNames.has(name)) || mentioned.has(full))
      return new PickleGlobal(full, null);
    const what = unsupported.get(full);
    if (what !== undefined || module.startsWith("__torch__"))
      throw new AppError(
        "file-unsupported",
        `The checkpoint holds ${what ?? "a TorchScript program"} (${full}).`,
        {
          hint: "Save a state dict of ordinary tensors: torch.save(model.state_dict(), path).",
        },
      );
    throw pickleRefusal(`it needs ${quote(full)}, which is not a tensor or a plain value`);
  }

  loadPersistent(id: PickleValue): TorchStorage {
    if (!(id instanceof PickleTuple) || id.items.length < 5 || id.items[0] !== "storage")
      throw pickleFault("a reference into the file is not to a storage");
    const [, type, key, location, length, view = null] = id.items;
    if (!(type instanceof PickleGlobal)) throw pickleFault("a storage has no type");
    const typeName = type.name.slice(type.name.lastIndexOf(".") + 1);
    const dtype = type.call === null ? storageTypes.get(typeName) : undefined;
    if (dtype === undefined) throw pickleFault(`${type.name} is not a storage type`);
    if (typeof key !== "string" || !TorchHost.keyPattern.test(key))
      throw pickleRefusal(`a storage has the key ${key === undefined ? "" : describePickle(key)}`);
    if (typeof location !== "string") throw pickleFault(`storage ${key} has no location`);
    if (!isCount(length)) throw pickleFault(`storage ${key} has no valid length`);
    if (view !== null)
      throw new AppError(
        "file-unsupported",
        `Storage ${key} is a view of another, as written before PyTorch 0.4.`,
      );
    const known = this.storages.get(key);
    if (known !== undefined) {
      if (known.dtype !== dtype || known.length !== length)
        throw pickleFault(`storage ${key} is declared twice, differently`);
      return known;
    }
    const storage = new TorchStorage(key, dtype, length);
    this.storages.set(key, storage);
    return storage;
  }
}

function isStorageType(module: string, name: string): boolean {
  if (!storageTypes.has(name)) return false;
  return (
    module === "torch" || module === "torch.cuda" || (module === "torch.storage" && name === "UntypedStorage")
  );
}

/** (storage, offset, size, stride, …); what follows concerns autograd. */
function rebuildTensor(args: readonly PickleValue[]): TorchTensor {
  const [storage] = args;
  if (!(storage instanceof TorchStorage))
    throw pickleFault("a tensor is built on something that is not a storage");
  if (storage.dtype === null) throw pickleFault(`the tensor in storage ${storage.key} has no type`);
  return makeTensor(storage, storage.dtype, args);
}

/** (storage, offset, size, stride, requiresGrad, hooks, dtype, …): for types without a storage type of their own. */
function rebuildTensorOfType(args: readonly PickleValue[]): TorchTensor {
  const [storage, , , , , , type] = args;
  if (!(storage instanceof TorchStorage))
    throw pickleFault("a tensor is built on something that is not a storage");
  const dtype = type instanceof PickleGlobal ? dtypeNames.get(type.name.replace(/^torch\./, "")) : undefined;
  if (dtype === undefined) throw pickleFault(`the tensor in storage ${storage.key} has no known type`);
  return makeTensor(storage, dtype, args);
}

function makeTensor(storage: TorchStorage, dtype: ElementType, args: readonly PickleValue[]): TorchTensor {
  const [, offset, size, stride] = args;
  const where = `the tensor in storage ${storage.key}`;
  if (!isCount(offset)) throw pickleFault(`${where} has no valid offset`);
  const shape = counts(size);
  const strides = counts(stride);
  if (shape === null || strides === null)
    throw pickleFault(`${where} has no shape and strides of whole, non-negative numbers`);
  if (shape.length !== strides.length)
    throw pickleFault(`${where} has ${shape.length} dimensions but ${strides.length} strides`);
  if (elementCount(shape) === Infinity)
    throw pickleFault(`${where} has the impossible shape [${shape.join(", ")}]`);
  const last = (offset + elementSpan(shape, strides)) * elementBytes[dtype];
  if (!(last <= storage.byteLength))
    throw pickleFault(
      `${where} of shape [${shape.join(", ")}] reaches to byte ${last}, but the storage has ${storage.byteLength}`,
    );
  return new TorchTensor(storage, dtype, offset, shape, strides);
}

function rebuildParameter(args: readonly PickleValue[]): TorchTensor {
  const [tensor] = args;
  if (!(tensor instanceof TorchTensor)) throw pickleFault("a parameter is not a tensor");
  return tensor;
}

function sizeFrom(args: readonly PickleValue[]): PickleTuple {
  const [lengths] = args;
  if (!(lengths instanceof PickleTuple)) throw pickleFault("a torch.Size is not made of a tuple");
  return lengths;
}

/** (function, type, arguments, attributes): a tensor of a class of its own, or with attributes. */
function rebuildSubclass(args: readonly PickleValue[], budget: PickleBudget): PickleValue {
  const [rebuild, , inner] = args;
  if (!(rebuild instanceof PickleGlobal) || rebuild.call === null || rebuild.call === rebuildSubclass)
    throw pickleFault("a tensor with attributes is not made by a known function");
  if (!(inner instanceof PickleTuple))
    throw pickleFault("a tensor with attributes is made without arguments");
  return rebuild.call(inner.items, budget);
}

/** Python 2 wrote the items as an argument, a list of pairs. */
function orderedDict(args: readonly PickleValue[], budget: PickleBudget): PickleOrderedDict {
  const dict = new PickleOrderedDict();
  const [pairs] = args;
  if (pairs === undefined) return dict;
  if (!(pairs instanceof PickleList)) throw pickleFault("an OrderedDict is not made of a list");
  budget.spend(pickleCosts.item * pairs.items.length);
  for (const pair of pairs.items) {
    if (!(pair instanceof PickleList || pair instanceof PickleTuple) || pair.items.length !== 2)
      throw pickleFault("an OrderedDict is not made of pairs");
    dict.entries.set(pair.items[0] as PickleValue, pair.items[1] as PickleValue);
  }
  return dict;
}

/** `Counter` and its like: a dict made of a dict, or empty. */
function dictFrom(args: readonly PickleValue[], budget: PickleBudget): PickleOrderedDict {
  const dict = new PickleOrderedDict();
  const [items] = args;
  if (items === undefined) return dict;
  if (!(items instanceof PickleDict)) return orderedDict(args, budget);
  budget.spend(pickleCosts.item * items.entries.size);
  for (const [key, value] of items.entries) dict.entries.set(key, value);
  return dict;
}

/** A set, a deque: for its place only, so the list that it is made of serves. */
function listFrom(args: readonly PickleValue[]): PickleList {
  return args[0] instanceof PickleList ? args[0] : new PickleList();
}

/** Bytes, or text in which every character is one byte. */
function bytesFrom(args: readonly PickleValue[], budget: PickleBudget): PickleValue {
  const [bytes] = args;
  return typeof bytes === "string" ? encodeText([bytes, "latin1"], budget) : (bytes ?? new Uint8Array());
}

function namespace(args: readonly PickleValue[]): TorchNamespace {
  if (args.length > 0) throw pickleFault("a Namespace is made with arguments");
  return new TorchNamespace();
}

function numpyType(args: readonly PickleValue[]): NumpyType {
  if (typeof args[0] !== "string") throw pickleFault("a NumPy type has no name");
  return new NumpyType(args[0]);
}

/** One number, or a placeholder when it is of a kind that nothing here needs. */
function numpyScalar(args: readonly PickleValue[]): PickleValue {
  const [type, bytes] = args;
  if (!(type instanceof NumpyType)) throw pickleFault("a NumPy number has no type");
  if (!(bytes instanceof Uint8Array)) return new Inert();
  const width = Number(type.code.slice(1, 8));
  if (bytes.length !== width) return new Inert();
  const data = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const { littleEndian } = type;
  switch (type.code) {
    case "f8":
      return data.getFloat64(0, littleEndian);
    case "f4":
      return data.getFloat32(0, littleEndian);
    case "i8":
      return Number(data.getBigInt64(0, littleEndian));
    case "i4":
      return data.getInt32(0, littleEndian);
    case "b1":
      return data.getUint8(0) !== 0;
    default:
      return new Inert();
  }
}

/** How protocol 2 writes bytes: text in which every character is one byte. */
function encodeText(args: readonly PickleValue[], budget: PickleBudget): Uint8Array<ArrayBuffer> {
  const [text, encoding] = args;
  if (typeof text !== "string" || (encoding !== "latin1" && encoding !== "latin-1"))
    throw pickleFault("bytes are not written as latin1 text");
  budget.spend(8 * text.length);
  const bytes = Uint8Array.from(text, (character) => character.charCodeAt(0));
  if (latin1(bytes) !== text) throw pickleFault("bytes are not written as latin1 text");
  return bytes;
}

function isCount(value: PickleValue | undefined): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

const mostDimensions = 32;

function counts(value: PickleValue | undefined): readonly number[] | null {
  if (!(value instanceof PickleTuple || value instanceof PickleList)) return null;
  if (value.items.length > mostDimensions) return null;
  return value.items.every(isCount) ? (value.items as readonly number[]) : null;
}
