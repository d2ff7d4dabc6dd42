import { describe, expect, it } from "vitest";
import { foreignNetwork } from "./foreignNetwork.ts";

type Tensors = Readonly<Record<string, readonly number[]>>;
const kindOf = (tensors: Tensors) =>
  foreignNetwork(Object.entries(tensors).map(([name, shape]) => ({ name, shape })));

const block = { "layer1.0.conv1.weight": [8, 8, 1, 1], "bn1.weight": [8], "bn1.running_mean": [8] };
const stem = { "conv1.weight": [8, 3, 7, 7] };

describe("foreignNetwork", () => {
  it.each<[string, Tensors, RegExp]>([
    ["timm", { "model.cls_token": [1, 1, 8], "model.blocks.0.attn.qkv.weight": [24, 8] }, /ViT/],
    ["torchvision", { "encoder.layers.encoder_layer_0.self_attention.in_proj_weight": [24, 8] }, /ViT/],
    ["Hugging Face", { "vit.encoder.layer.0.attention.attention.query.weight": [8, 8] }, /ViT/],
    ["Swin", { "layers.0.blocks.0.attn.relative_position_bias_table": [9, 2] }, /Swin/],
    ["ConvNeXt", { "stages.0.blocks.0.conv_dw.weight": [8, 1, 7, 7] }, /ConvNeXt/],
    ["VGG", { "features.0.weight": [8, 3, 3, 3], "classifier.0.weight": [8, 8] }, /VGG/],
    ["grouped", { ...stem, ...block, "layer1.0.conv2.weight": [8, 2, 3, 3] }, /grouped/],
    ["deep stem", { ...block, "conv1.0.weight": [8, 3, 3, 3] }, /three convolutions/],
    ["grey", { ...block, "conv1.weight": [8, 1, 7, 7] }, /one-channel/],
    ["satellite", { ...block, "conv1.weight": [8, 13, 7, 7] }, /13 channels/],
    ["GroupNorm", { ...stem, "bn1.weight": [8], "layer1.0.conv1.weight": [8, 8, 1, 1] }, /GroupNorm/],
    ["video", { "conv1.weight": [8, 3, 3, 7, 7], "layer1.0.conv1.weight": [8, 8, 3, 3, 3] }, /video/],
    ["SE", { ...stem, ...block, "layer1.0.se.fc1.weight": [2, 8, 1, 1] }, /squeeze/],
    [
      "optimiser",
      { "optimizer.state.0.exp_avg": [8, 8], "state[0].momentum_buffer": [8] },
      /optimiser's state/,
    ],
    ["nothing", {}, /no tensors/],
  ])("names %s", (_, tensors, what) => {
    expect(kindOf(tensors)?.what).toMatch(what);
  });

  it("says the way in, where there is one", () => {
    expect(kindOf({ cls_token: [1, 1, 8], "patch_embed.proj.weight": [8, 3, 4, 4] })?.hint).toMatch(
      /model.eval.*torch.onnx.export/,
    );
    expect(kindOf({ "optimizer.state.0.exp_avg": [8, 8] })?.hint).toMatch(/state_dict/);
  });

  it("knows nothing of a ResNet like ours, nor of what nobody knows", () => {
    expect(kindOf({ ...stem, ...block, "layer1.0.conv2.weight": [8, 8, 3, 3] })).toBeNull();
    expect(kindOf({ "mystery.weight": [4, 4, 3, 3] })).toBeNull();
  });
});
