import type { NamingScheme } from "./findNetworks.ts";

/**
 * Names of ResNets as torchvision's: of an `nn.Sequential` of a ResNet's children, of Hugging Face's transformers, and
 * of the widespread ResNets for CIFAR that call a downsampling `shortcut` and the classifier `linear`.
 *
 * @param names of the network's tensors, without their wrappers.
 * @returns names that stay as they are where nothing is known of them.
 */
export function resNetRenaming(scheme: NamingScheme, names: ReadonlySet<string>): (name: string) => string {
  switch (scheme) {
    case "numbered":
      return fromNumbers(names);
    case "transformers":
      return fromTransformers;
    case "torchvision":
      return fromCifarNames(names);
    case "timm":
      return (name) => name;
  }
}

function fromCifarNames(names: ReadonlySet<string>): (name: string) => string {
  const hasHead = [...names].some((name) => name.startsWith("fc."));
  return (name) => {
    const block = withDownsample(name);
    return hasHead ? block : block.replace(/^(linear|last_linear)\.(?=(weight|bias)$)/, "fc.");
  };
}

function withDownsample(name: string): string {
  return name.replace(/^(layer\d+\.\d+)\.shortcut\./, "$1.downsample.");
}

/** Children in order: convolution, BatchNorm, two without weights or none, the stages, pooling, the head. */
function fromNumbers(names: ReadonlySet<string>): (name: string) => string {
  const stages = new Set<number>();
  const children = new Set<number>();
  for (const name of names) {
    const child = /^(\d{1,2})\./.exec(name)?.[1];
    if (child !== undefined) children.add(Number(child));
    if (child !== undefined && name === `${child}.0.conv1.weight`) stages.add(Number(child));
  }
  const first = Math.min(...stages);
  const last = Math.max(...stages);
  const head = Math.min(...[...children].filter((child) => child > last));
  return (name) => {
    const match = /^(\d{1,2})\.(.*)$/.exec(name);
    if (match === null) return name;
    const child = Number(match[1]);
    const module =
      child === 0
        ? "conv1"
        : child === 1
          ? "bn1"
          : stages.has(child)
            ? `layer${child - first + 1}`
            : child === head
              ? "fc"
              : null;
    return module === null ? name : withDownsample(`${module}.${match[2]}`);
  };
}

const transformersStem = "embedder.embedder.";
const transformersLayer =
  /^encoder\.stages\.(\d+)\.layers\.(\d+)\.(?:layer\.(\d+)|(shortcut))\.(convolution|normalization)\.(\w+)$/;

function fromTransformers(name: string): string {
  if (name.startsWith(transformersStem))
    return name
      .slice(transformersStem.length)
      .replace(/^convolution\./, "conv1.")
      .replace(/^normalization\./, "bn1.");
  const match = transformersLayer.exec(name);
  if (match === null) return name;
  const [, stage, block, layer, shortcut, kind, leaf] = match;
  const isConvolution = kind === "convolution";
  const module =
    shortcut === undefined
      ? `${isConvolution ? "conv" : "bn"}${Number(layer) + 1}`
      : `downsample.${isConvolution ? 0 : 1}`;
  return `layer${Number(stage) + 1}.${block}.${module}.${leaf}`;
}
