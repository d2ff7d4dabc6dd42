/**
 * Finds the network inside a checkpoint and gives its tensors torchvision's names.
 *
 * Training scripts wrap a state dict in containers (`state_dict`), in prefixes of their wrappers (`module.`) and
 * beside other networks (MoCo's momentum encoder, DINO's student). Here the network is told by its own first layers,
 * and whatever stands before them is taken off; every tensor that is left behind is listed with the reason.
 */
import {
  findNetworks,
  longestPrefix,
  preferredNetwork,
  wrappersOf,
  type NamingScheme,
} from "./findNetworks.ts";
import { quote } from "./quote.ts";
import { resNetRenaming } from "./resNetNames.ts";
import type { StoredTensor } from "./storedTensor.ts";
import { fromTimmNames } from "./timmNames.ts";

type LayoutName = "plain" | "moco" | "swav" | "dino";

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

/** What a tensor left behind is, told by how its name goes on where it parts from the network's. */
const leftBehind: readonly (readonly [RegExp, string])[] = [
  [/^(optimizer|optimizers|optimizer_state_dict|optimizer_states|optim|opt)\b/, "state of the optimiser"],
  [/^(scheduler|lr_scheduler|lr_schedulers|scaler|amp|fp16_scaler|grad_scaler)\b/, "state of the training"],
  [
    /^(encoder_k|\w*momentum\w*|target_\w+|key_encoder)\./,
    "the momentum encoder, a slow copy of the one that is taken",
  ],
  [/^queue(\d*|_ptr|_labels)$/, "MoCo's queue of keys"],
  [/^prototypes\b/, "SwAV's prototypes, which assign clusters"],
  [/^student\w*\./, "the student network; the teacher is taken"],
  [
    /^head\.(mlp|last_layer)\b/,
    "DINO's head (GELU layers and weight-normalised prototypes), which has no place here",
  ],
  [/^(\w*loss\w*|criterion)\./, "state of the loss"],
  [/^\w*predictor\w*\./, "a predictor, used in training only"],
  [/^\w*(projector|projection_\w+|proj_head)\./, "a projection head beside the network"],
];
/** Modules beside a network's layers that need not be known to use it. */
const besideLayers =
  /^(\w*head\w*|\w*proj\w*|\w*predictor\w*|queue\w*|prototypes\w*|mlp|aux\w*|classifier\w*|\w*loss\w*|criterion)\b/;

/** Recognises the layout. Deterministic; depends on names and shapes only. */
export function recogniseLayout(file: ReadonlyMap<string, StoredTensor>): RecognisedLayout {
  const networks = findNetworks(file.keys());
  const network = preferredNetwork(networks) ?? { prefix: "", scheme: "torchvision" };
  const { prefix, scheme } = network;
  const taken = wrappersOf(prefix);
  const others = new Set(networks.filter((other) => other !== network).map((other) => other.prefix));
  const ignored = new Map<string, string>();
  const level = new Map<string, StoredTensor>();
  let dinoHead = false;
  for (const [name, tensor] of file) {
    const isInner = isUnder(name, prefix, others);
    if (name.startsWith(prefix) && !isInner) {
      level.set(name.slice(prefix.length), tensor);
      continue;
    }
    const rest = afterCommonWrappers(name, prefix);
    ignored.set(
      name,
      reasonFor(rest) ?? (isInner ? "another network beside the one that is taken" : besideReason(prefix)),
    );
    dinoHead ||= /^head\.(mlp|last_layer)\b/.test(rest);
  }

  const swav = [...level.keys()].some((name) => /^(projection_head\.\d|prototypes\b)/.test(name));
  const notes: string[] = [];
  if (networks.length > 1)
    notes.push(
      `${networks.length} networks are inside; ${prefix === "" ? "the outermost" : `the one under ${quote(prefix.slice(0, -1))}`} is taken, not ${quotedList(networks.filter((other) => other !== network).map((other) => other.prefix.slice(0, -1)))}.`,
    );
  const rename = resNetRenaming(scheme, new Set(level.keys()));
  const isResNet =
    networks.length > 0 &&
    level.size > 0 &&
    [...level.keys()].some((name) => rename(name) === "conv1.weight");
  const named = new Map<string, StoredTensor>();
  for (const [name, tensor] of level) {
    const renamed = swav ? name.replace(/^projection_head\./, "fc.") : rename(name);
    const reason =
      reasonFor(renamed) ?? (isResNet && besideLayers.test(renamed) ? "a head beside the network" : null);
    if (reason !== null) ignored.set(tensor.name, reason);
    else if (renamed !== name && (level.has(renamed) || named.has(renamed)))
      ignored.set(tensor.name, "a second head beside fc");
    else named.set(renamed, tensor);
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

  const layout: LayoutName = taken.includes("encoder_q")
    ? "moco"
    : swav
      ? "swav"
      : (dinoHead && taken.includes("backbone")) || (taken.includes("teacher") && taken.includes("backbone"))
        ? "dino"
        : "plain";
  const path = taken.length === 0 ? "" : ` (${taken.join(" → ")})`;
  const title =
    timm === null ? (schemeTitles[scheme] ?? layoutTitles[layout]) : "state dict with timm's names";
  return {
    layout,
    title: `${title}${path}`,
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

const schemeTitles: Partial<Record<NamingScheme, string>> = {
  numbered: "state dict with numbered layers",
  transformers: "state dict with Hugging Face's names",
};

const layoutTitles: Record<LayoutName, string> = {
  plain: "state dict",
  moco: "MoCo training checkpoint, query encoder with its projection head",
  swav: "SwAV checkpoint with its projection head",
  dino: "DINO training checkpoint, teacher's backbone",
};

/** Whether a name lies in another network that is inside the one with this prefix. */
function isUnder(name: string, prefix: string, others: ReadonlySet<string>): boolean {
  if (others.size === 0) return false;
  for (
    let dot = name.indexOf(".", prefix.length);
    dot >= 0 && dot <= longestPrefix;
    dot = name.indexOf(".", dot + 1)
  )
    if (others.has(name.slice(0, dot + 1))) return true;
  return false;
}

/** How a name goes on after the containers that it shares with a prefix. */
function afterCommonWrappers(name: string, prefix: string): string {
  let start = 0;
  for (let i = 0; i < prefix.length && name[i] === prefix[i]; i++) if (prefix[i] === ".") start = i + 1;
  return name.slice(start);
}

function besideReason(prefix: string): string {
  const around = wrappersOf(prefix).at(-1);
  return around === "backbone" || around === "encoder"
    ? `not part of the ${around}`
    : "not part of the network";
}

function reasonFor(name: string): string | null {
  return leftBehind.find(([pattern]) => pattern.test(name))?.[1] ?? null;
}

const mostNamed = 5;

function quotedList(names: readonly string[]): string {
  const named = names.slice(0, mostNamed).map((name) => (name === "" ? "the outermost" : quote(name)));
  return named.join(", ") + (names.length > mostNamed ? ` and ${names.length - mostNamed} more` : "");
}
