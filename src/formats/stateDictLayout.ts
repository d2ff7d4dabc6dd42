/**
 * Finds the network inside a checkpoint and gives its tensors torchvision's names.
 *
 * Training scripts wrap a state dict in containers (`state_dict`), in prefixes of their wrappers (`module.`) and
 * beside other networks (MoCo's momentum encoder, DINO's student). Here the wrappers are taken off one by one;
 * every tensor that is left behind is listed with the reason.
 */
import type { StoredTensor } from "./storedTensor.ts";
import { fromTimmNames } from "./timmNames.ts";

export type LayoutName = "plain" | "moco" | "swav" | "dino";

export interface RecognisedLayout {
  readonly layout: LayoutName;
  /** For people: "MoCo training checkpoint, query encoder (state_dict → module → encoder_q)". */
  readonly title: string;
  /** The wrappers taken off, outermost first. */
  readonly wrappers: readonly string[];
  /** torchvision's names; the head, if any, under `fc`. */
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  /** Name in the file → torchvision's name, of the tensors taken. */
  readonly names: ReadonlyMap<string, string>;
  /** Under the names of the file, in its order. */
  readonly ignored: readonly { readonly name: string; readonly reason: string }[];
  /** What a person should know of the names or the conventions behind them. */
  readonly notes: readonly string[];
}

interface Wrapper {
  readonly name: string;
  /** Why what lies beside it is left out, where that is not told by its own name. */
  readonly beside: string;
}

/** In the order of preference where several stand side by side. */
const wrappers: readonly Wrapper[] = [
  { name: "state_dict", beside: "not part of the state dict" },
  { name: "model_state_dict", beside: "not part of the model" },
  { name: "model_state", beside: "not part of the model" },
  { name: "teacher", beside: "the teacher network is taken" },
  { name: "model", beside: "not part of the model" },
  { name: "network", beside: "not part of the network" },
  { name: "net", beside: "not part of the network" },
  { name: "module", beside: "not part of the network" },
  { name: "_orig_mod", beside: "not part of the network" },
  { name: "encoder_q", beside: "the query encoder is taken" },
  { name: "base_encoder", beside: "the base encoder is taken" },
  { name: "student", beside: "the student network is taken" },
  { name: "backbone", beside: "not part of the backbone" },
  { name: "encoder", beside: "not part of the encoder" },
];

/** What a tensor left behind is, told by how its name goes on at that level. */
const leftBehind: readonly (readonly [RegExp, string])[] = [
  [/^(optimizer|optimizers|optimizer_state_dict|optimizer_states|optim|opt)\b/, "state of the optimiser"],
  [/^(scheduler|lr_scheduler|lr_schedulers|scaler|amp|fp16_scaler|grad_scaler)\b/, "state of the training"],
  [
    /^(encoder_k|momentum_encoder|target_encoder)\./,
    "the momentum encoder, a slow copy of the one that is taken",
  ],
  [/^queue(\d*|_ptr|_labels)$/, "MoCo's queue of keys"],
  [/^prototypes\b/, "SwAV's prototypes, which assign clusters"],
  [/^student\./, "the student network; the teacher is taken"],
  [
    /^head\.(mlp|last_layer)\b/,
    "DINO's head (GELU layers and weight-normalised prototypes), which has no place here",
  ],
  [/^(\w*loss\w*|criterion)\./, "state of the loss"],
  [/^predictor\./, "a predictor, used in training only"],
];

/** Names that only a network's own first layers have: nothing is left to unwrap. */
const networkStart = /^(conv1|features\.0|conv_stem|stem)\b/;

/** Recognises the layout. Deterministic; depends on names and shapes only. */
export function recogniseLayout(file: ReadonlyMap<string, StoredTensor>): RecognisedLayout {
  const ignored = new Map<string, string>();
  const taken: string[] = [];
  /** Name at this level → tensor under the name of the file. */
  let level = new Map(file);
  const seen = { queryEncoder: false, dinoHead: false, teacher: false };

  for (let wrapper = nextWrapper(level); wrapper !== null; wrapper = nextWrapper(level)) {
    const prefix = `${wrapper.name}.`;
    const inside = new Map<string, StoredTensor>();
    for (const [name, tensor] of level) {
      if (name.startsWith(prefix)) inside.set(name.slice(prefix.length), tensor);
      else ignored.set(tensor.name, reasonFor(name) ?? wrapper.beside);
      if (wrapper.name === "backbone" && /^head\.(mlp|last_layer)\b/.test(name)) seen.dinoHead = true;
    }
    if (wrapper.name === "encoder_q") seen.queryEncoder = true;
    if (wrapper.name === "teacher") seen.teacher = true;
    taken.push(wrapper.name);
    level = inside;
  }

  const swav = [...level.keys()].some((name) => /^(projection_head|prototypes)\b/.test(name));
  const notes: string[] = [];
  const named = new Map<string, StoredTensor>();
  for (const [name, tensor] of level) {
    const reason = reasonFor(name);
    const target = swav ? name.replace(/^projection_head\./, "fc.") : name;
    if (reason !== null) ignored.set(tensor.name, reason);
    else if (target !== name && level.has(target)) ignored.set(tensor.name, "a second head beside fc");
    else named.set(target, tensor);
  }
  const timm = fromTimmNames(named);
  if (timm !== null) notes.push(timm.note);
  const tensors = new Map<string, StoredTensor>();
  const names = new Map<string, string>();
  for (const [name, tensor] of timm?.tensors ?? named) {
    names.set(tensor.name, name);
    tensors.set(name, tensor.renamed(name));
  }
  const classes = tensors.get("fc.weight")?.shape[0];
  if (classes === 1000)
    notes.push("Its last layer, fc, has 1000 outputs: most likely a classifier of ImageNet's classes.");

  const layout: LayoutName = seen.queryEncoder
    ? "moco"
    : swav
      ? "swav"
      : seen.dinoHead || (seen.teacher && taken.includes("backbone"))
        ? "dino"
        : "plain";
  const path = taken.length === 0 ? "" : ` (${taken.join(" → ")})`;
  return {
    layout,
    title: `${timm === null ? layoutTitles[layout] : "state dict with timm's names"}${path}`,
    wrappers: taken,
    tensors,
    names,
    ignored: [...file.keys()].flatMap((name) => {
      const reason = ignored.get(name);
      return reason === undefined ? [] : [{ name, reason }];
    }),
    notes,
  };
}

const layoutTitles: Record<LayoutName, string> = {
  plain: "state dict",
  moco: "MoCo training checkpoint, query encoder with its projection head",
  swav: "SwAV checkpoint with its projection head",
  dino: "DINO training checkpoint, teacher's backbone",
};

function nextWrapper(level: ReadonlyMap<string, StoredTensor>): Wrapper | null {
  const names = [...level.keys()];
  if (names.some((name) => networkStart.test(name))) return null;
  return wrappers.find((wrapper) => names.some((name) => name.startsWith(`${wrapper.name}.`))) ?? null;
}

function reasonFor(name: string): string | null {
  return leftBehind.find(([pattern]) => pattern.test(name))?.[1] ?? null;
}
