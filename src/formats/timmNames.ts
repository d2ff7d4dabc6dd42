import type { StoredTensor } from "./storedTensor.ts";

/**
 * timm's names of MobileNetV3 and EfficientNet as torchvision's. (Its ResNets are named like torchvision's.)
 *
 * timm counts blocks by stage and names layers by kind; torchvision counts layers. Both list a block's layers in
 * the same order: expansion if any, depthwise, squeeze-excite if any, projection.
 *
 * @returns null when the names are not timm's, or not all of them are understood.
 */
export function fromTimmNames(
  tensors: ReadonlyMap<string, StoredTensor>,
): { readonly tensors: ReadonlyMap<string, StoredTensor>; readonly note: string } | null {
  if (!tensors.has("conv_stem.weight")) return null;
  // MobileNetV3 widens after pooling, with a bias and without BatchNorm; EfficientNet before it, with BatchNorm.
  const mobileNet = !tensors.has("bn2.weight");
  const modules = torchvisionModules([...tensors.keys()], mobileNet);
  const renamed = new Map<string, StoredTensor>();
  for (const [name, tensor] of tensors) {
    const dot = name.lastIndexOf(".");
    const module = modules.get(name.slice(0, dot));
    const target = module === undefined ? null : module + name.slice(dot);
    if (target === null || renamed.has(target)) return null;
    // What timm computes as a 1×1 convolution after pooling is a linear layer to torchvision.
    const linear = target === "classifier.0.weight" && tensor.shape.length === 4;
    renamed.set(target, linear ? tensor.reshaped(tensor.shape.slice(0, 2)) : tensor);
  }
  return {
    tensors: renamed,
    note: `timm's names. Its tf_ variants pad as TensorFlow does${mobileNet ? ", and BatchNorm's ε differs between variants" : ""}; the file does not say which variant it is, so embeddings may differ slightly from timm's.`,
  };
}

/** Layers of a block in order: convolution and BatchNorm, or the squeeze-excite. */
const separableBlock = [["conv_dw", "bn1"], ["se"], ["conv_pw", "bn2"]] as const;
const invertedBlock = [["conv_pw", "bn1"], ["conv_dw", "bn2"], ["se"], ["conv_pwl", "bn3"]] as const;

/** timm's module name → torchvision's. */
function torchvisionModules(names: readonly string[], mobileNet: boolean): ReadonlyMap<string, string> {
  const blocks = new Map<string, { stage: number; index: number; layers: Set<string> }>();
  for (const name of names) {
    const match = /^blocks\.(\d{1,2})\.(\d{1,2})\.(\w+)/.exec(name);
    if (match === null) continue;
    const key = `blocks.${match[1]}.${match[2]}`;
    const block = blocks.get(key) ?? { stage: Number(match[1]), index: Number(match[2]), layers: new Set() };
    blocks.set(key, block);
    block.layers.add(match[3]!);
  }
  const ordered = [...blocks].sort(([, a], [, b]) => a.stage - b.stage || a.index - b.index);
  const stages = Math.max(0, ...ordered.map(([, { stage }]) => stage + 1));

  const modules = new Map([
    ["conv_stem", "features.0.0"],
    ["bn1", "features.0.1"],
    ["conv_head", mobileNet ? "classifier.0" : `features.${stages + 1}.0`],
    ["bn2", `features.${stages + 1}.1`],
    ["classifier", mobileNet ? "classifier.3" : "classifier.1"],
  ]);
  ordered.forEach(([key, { stage, index, layers }], position) => {
    const to = mobileNet ? `features.${position + 1}` : `features.${stage + 1}.${index}`;
    if (layers.has("conv")) {
      modules.set(`${key}.conv`, `${to}.0`).set(`${key}.bn1`, `${to}.1`);
      return;
    }
    const order = layers.has("conv_pwl") ? invertedBlock : separableBlock;
    order
      .filter(([first]) => layers.has(first))
      .forEach(([first, norm], i) => {
        if (first === "se") {
          modules.set(`${key}.se.conv_reduce`, `${to}.block.${i}.fc1`);
          modules.set(`${key}.se.conv_expand`, `${to}.block.${i}.fc2`);
        } else
          modules.set(`${key}.${first}`, `${to}.block.${i}.0`).set(`${key}.${norm}`, `${to}.block.${i}.1`);
      });
  });
  return modules;
}
