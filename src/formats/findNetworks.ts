/**
 * Where the networks lie in a state dict: every prefix under which the first layers of one stand, whatever a
 * training script called the containers around it.
 */
export interface FoundNetwork {
  /** "state_dict.module.encoder_q."; "" where nothing is around it. */
  readonly prefix: string;
  readonly scheme: NamingScheme;
}

/** How the layers of a network are called. */
export type NamingScheme =
  /** conv1, layer1.0.conv1, features.0.0: as its own. */
  | "torchvision"
  /** 0, 1, 4.0.conv1: the children of a ResNet in an `nn.Sequential`, as lightly and fastai keep them. */
  | "numbered"
  /** embedder.embedder.convolution: Hugging Face's ResNets. */
  | "transformers"
  /** conv_stem. Its ResNets are called like torchvision's. */
  | "timm";

/** Longer ones are nobody's; a name of 50 000 containers is made to waste time. */
export const longestPrefix = 400;
const mostWrappers = 24;

const transformersBlock = "encoder.stages.0.layers.0.layer.0.convolution.weight";
const transformersStem = "embedder.embedder.convolution.weight";

/** @param names of the tensors. @returns in the order of the file. */
export function findNetworks(names: Iterable<string>): readonly FoundNetwork[] {
  const all = names instanceof Set ? (names as ReadonlySet<string>) : new Set(names);
  const found = new Map<string, FoundNetwork>();
  const add = (prefix: string, scheme: NamingScheme): void => {
    if (prefix.length > longestPrefix || wrappersOf(prefix).length > mostWrappers) return;
    if (prefix === "" || prefix.endsWith(".")) found.set(prefix, { prefix, scheme });
  };
  for (const name of all) {
    if (name.length > longestPrefix + 100) continue;
    const before = (end: string): string | null =>
      name.endsWith(end) ? name.slice(0, name.length - end.length) : null;
    const resNet = before("layer1.0.conv1.weight");
    const hasStem = ["conv1.weight", "conv1.0.weight"].some((stem) => all.has(`${resNet}${stem}`));
    if (resNet !== null && hasStem) add(resNet, "torchvision");
    const resNet9 = before("prep.conv.weight");
    if (resNet9 !== null && all.has(`${resNet9}layer1.residual.res1.conv.weight`))
      add(resNet9, "torchvision");
    const mobile = before("features.0.0.weight");
    if (mobile !== null) add(mobile, "torchvision");
    const timm = before("conv_stem.weight");
    if (timm !== null) add(timm, "timm");
    const transformers = before(transformersBlock);
    if (transformers !== null && all.has(transformers + transformersStem)) add(transformers, "transformers");
    const stage = /^(.*\.)?(\d{1,2})\.0\.conv1\.weight$/.exec(name);
    const numbered = stage?.[1] ?? "";
    if (stage !== null && all.has(`${numbered}0.weight`)) add(numbered, "numbered");
  }
  if (found.size === 0) {
    // A stem alone tells where its layers would be, and so what is missing.
    for (const name of all)
      if (/(^|\.)conv1\.weight$/.test(name.slice(-200)) && !/\d\.conv1\.weight$/.test(name))
        add(name.slice(0, -"conv1.weight".length), "torchvision");
  }
  return [...found.values()];
}

export function wrappersOf(prefix: string): readonly string[] {
  return prefix === "" ? [] : prefix.slice(0, -1).split(".");
}

const teacherWord = /(^|_)(teacher|ema|averaged|swa)(_|$)/i;
const slowCopyWord = /momentum|(^|_)(target|key|k)(_|$)/i;
const trainingWord = /^(optimi[sz]er\w*|optim|opt|\w*scheduler\w*|scaler|\w*loss\w*|criterion)$/i;

/**
 * The network to take where several are inside: a teacher's or an averaged one first, then what is trained; the slow
 * copy that contrastive methods keep beside it last. Among equals the outermost, then the first.
 */
export function preferredNetwork(networks: readonly FoundNetwork[]): FoundNetwork | null {
  let best: FoundNetwork | null = null;
  for (const network of networks) if (best === null || preference(network) > preference(best)) best = network;
  return best;
}

function preference({ prefix }: FoundNetwork): number {
  const wrappers = wrappersOf(prefix);
  const has = (word: RegExp): boolean => wrappers.some((wrapper) => word.test(wrapper));
  const kind = has(trainingWord) ? -2 : has(teacherWord) ? 1 : has(slowCopyWord) ? -1 : 0;
  return kind * 1000 - wrappers.length;
}
