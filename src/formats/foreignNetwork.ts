import type { NamedShape } from "../contract/tensorFact.ts";

/** The way in for networks that are not built here, in three lines: any network runs as ONNX. */
export const exportAsOnnx =
  "Export the network as ONNX and choose that file: model.eval(); images = torch.zeros(2, 3, 224, 224); " +
  "torch.onnx.export(model, images, 'teacher.onnx', input_names=['images'], dynamic_axes={'images': {0: 'n'}}, dynamo=False).";
const makeItTakeRgb =
  "Give a network for RGB pictures, or let it take three channels (a first convolution of its own) and export that as ONNX.";
const saveTheNetwork = "Save the network's weights: torch.save(model.state_dict(), path).";

export interface ForeignNetwork {
  /** Completes "This file holds …". */
  readonly what: string;
  readonly hint: string;
}

type Shapes = ReadonlyMap<string, readonly number[]>;

/**
 * What a checkpoint holds that belongs to no architecture built here, told by the names and shapes of its tensors.
 *
 * @param tensors torchvision's names where they are known.
 * @returns null where nothing is recognised.
 */
export function foreignNetwork(tensors: Iterable<NamedShape>): ForeignNetwork | null {
  const shapes = new Map<string, readonly number[]>();
  for (const { name, shape } of tensors) shapes.set(name.slice(-200), shape);
  const names = [...shapes.keys()];
  const channels = shapes.get("conv1.weight")?.length === 4 ? shapes.get("conv1.weight")?.[1] : undefined;
  if (channels !== undefined && channels !== 3 && shapes.has("layer1.0.conv1.weight"))
    return {
      what: `a ResNet for ${channels === 1 ? "one-channel (grey) images" : `images of ${channels} channels`}, and pictures here have three`,
      hint: makeItTakeRgb,
    };
  const nothing = withoutNetwork(shapes);
  if (nothing !== null) return { what: nothing, hint: saveTheNetwork };
  const what =
    partOfResNet(shapes) ?? families.find(([pattern]) => names.some((name) => pattern.test(name)))?.[1];
  return what === undefined ? null : { what, hint: exportAsOnnx };
}

/** A ResNet in outline that is not one of ours in its layers. */
function partOfResNet(shapes: Shapes): string | null {
  const deepStem = shapes.has("conv1.0.weight") || shapes.has("conv3.weight");
  if (deepStem && shapes.has("layer1.0.conv1.weight"))
    return "a ResNet with a stem of three convolutions (ResNet-D, CLIP)";
  const stem = shapes.get("conv1.weight");
  if (stem === undefined || !shapes.has("layer1.0.conv1.weight")) return null;
  if (stem.length === 5 || shapes.get("layer1.0.conv1.weight")?.length === 5)
    return "a ResNet of three-dimensional convolutions, for videos or volumes";
  const grouped = [...shapes].find(([name, shape]) => isGrouped(name, shape, shapes));
  if (grouped !== undefined)
    return `a ResNet with grouped convolutions (ResNeXt, RegNet): ${grouped[0]} sees ${grouped[1][1]} channels at once`;
  if ([...shapes.keys()].some((name) => /^layer\d+\.\d+\.(se|.*attn|.*cbam)\b/.test(name)))
    return "a ResNet with squeeze-excite or attention in its blocks (SE-ResNet, ResNeSt)";
  if (shapes.has("bn1.weight") && !shapes.has("bn1.running_mean"))
    return "a ResNet with GroupNorm or another normalisation without running statistics, where BatchNorm is built here";
  if (!shapes.has("bn1.weight")) return "a ResNet without BatchNorm";
  return null;
}

/** A 3×3 convolution that sees fewer channels than the one before it makes. */
function isGrouped(name: string, shape: readonly number[], shapes: Shapes): boolean {
  if (shape.length !== 4 || !/^layer\d+\.\d+\.conv2\.weight$/.test(name)) return false;
  const before = shapes.get(name.replace("conv2", "conv1"))?.[0];
  return before !== undefined && (shape[1] as number) < before;
}

/** In this order: what is most particular first. Prefixes do not matter. */
const families: readonly (readonly [RegExp, string])[] = [
  [
    /(^|\.)(visual\.|vision_model\.).*(proj|post_layernorm|ln_post)/,
    "CLIP's image encoder, a vision transformer (ViT)",
  ],
  [/(^|\.)(relative_position_bias_table|layers\.\d+\.blocks\.\d+\.attn)/, "a Swin transformer"],
  [/(^|\.)(cls_token|pos_embed|patch_embed\.|patch_embeddings\.|vit\.)/, "a vision transformer (ViT)"],
  [
    /(^|\.)(encoder\.layer\.\d+\.attention|blocks\.\d+\.attn\.|encoder_layer_\d+\.self_attention)/,
    "a vision transformer (ViT)",
  ],
  [
    /(^|\.)(stages\.\d+\.(blocks\.|layers\.)?\d+\.(gamma|dwconv|conv_dw|pwconv1|layer_scale\w*)|features\.\d+\.\d+\.layer_scale)/,
    "a ConvNeXt",
  ],
  [/(^|\.)denseblock\d+\./, "a DenseNet"],
  [/(^|\.)(Mixed_\d\w|inception\d\w)\./, "an Inception network"],
  [/(^|\.)features\.\d+\.(squeeze|expand1x1)\./, "a SqueezeNet"],
  [/(^|\.)(trunk_output\.|s1\.b1\.)/, "a RegNet"],
  [/(^|\.)features\.\d+\.conv\.\d+\.\d+\.weight$/, "a MobileNetV2"],
  [/(^|\.)(stage[234]\.\d\.branch[12]\.)/, "a ShuffleNet"],
  [
    /(^|\.)(_blocks|blocks)\.\d+\..*(_depthwise_conv|conv_dw)\./,
    "an EfficientNet or MobileNet of a kind that is not built here",
  ],
  [/(^|\.)features\.\d+\.block\./, "a MobileNet or EfficientNet of a kind that is not built here"],
  [/(^|\.)features\.\d+\.weight$/, "a VGG network or AlexNet"],
  [/(^|\.)(res2\.0\.|stem\.conv1\.)/, "a ResNet with Detectron2's names"],
  [/(^|\.)(word_embeddings|wte|embed_tokens)\./, "a language model"],
  [/(^|\.)(down_blocks|up_blocks|decoder\.up)\./, "an image generator, not an encoder"],
];

const optimiserNames =
  /(^|\.)(exp_avg(_sq)?|momentum_buffer|max_exp_avg_sq|square_avg|acc_delta|optimizer(_states?|_state_dict)?(\[\d+\])?)(\.|$)/;

function withoutNetwork(shapes: Shapes): string | null {
  if (shapes.size === 0) return "no tensors";
  const names = [...shapes.keys()];
  if (names.every((name) => optimiserNames.test(name) || /(^|\.)(state|step)\b/.test(name)))
    return "an optimiser's state, and no network";
  return [...shapes.values()].every((shape) => shape.length < 2)
    ? "no network: none of its tensors has more than one dimension"
    : null;
}
