/**
 * Teachers that others have published, each by its address. One table; the panel is drawn from it.
 *
 * Read in public pages: names, sizes, licences and SHA-256 of Hugging Face's files on its own pages of them, the other
 * addresses in several public projects that load them, the other licences in the projects that the weights come from
 * (for TensorFlow.js's in the package that loads them; ONNX files are conversions of those weights by others). A hash
 * that was not found is null: Hugging Face's listing is asked for it before the download, and for the other sites it is
 * recorded the first time. Not read anywhere, only well known: papers and embedding sizes; the inspection shows what
 * the file holds. None of these addresses has been downloaded from by this table's authors.
 *
 * Hugging Face lets pages read files and parts of them, by the headers its staff show (huggingface/datasets issue
 * 7931); storage.googleapis.com is read by TensorFlow.js pages everywhere; whether dl.fbaipublicfiles.com may be read
 * could not be found out. Where a site refuses, the panel says what to do.
 */
import type { TeacherRecipe } from "./teacher.ts";

export interface TeacherPreset {
  readonly id: string;
  readonly title: string;
  readonly address: string;
  readonly format: "safetensors" | "pytorch" | "tfjs" | "onnx";
  /** What the file should turn out to hold. */
  readonly architecture: string;
  /** "pooled features, 512 dimensions". */
  readonly embedding: string;
  readonly inputSize: number;
  /** As its site rounds it; the exact size is asked before the download. Null where the site does not show it. */
  readonly roughBytes: number | null;
  /** Of the weights, as their authors' project states it. */
  readonly licence: string;
  readonly citation: string;
  /** SHA-256 in hex as the hub shows it; null where it was not found. */
  readonly sha256: string | null;
  /** What the file itself does not say. */
  readonly recipe?: TeacherRecipe;
}

const heResNet = "He et al. 2015, arXiv 1512.03385";
const howardMobileNet = "Howard et al. 2019, arXiv 1905.02244";
const imageNet224 = { inputSize: 224, normalisation: "imageNet" } as const;

export const teacherPresets: readonly TeacherPreset[] = [
  {
    id: "resnet18",
    title: "ResNet-18, ImageNet labels (torchvision)",
    address: "https://huggingface.co/timm/resnet18.tv_in1k/resolve/main/model.safetensors",
    format: "safetensors",
    architecture: "ResNet-18",
    embedding: "pooled features, 512 dimensions",
    inputSize: 224,
    roughBytes: 46.8e6,
    licence: "BSD-3-Clause",
    citation: heResNet,
    sha256: "694f673df6520a3158624e8a89af086f59923ee4cd7436fe5bc3bc71d295ad81",
    recipe: imageNet224,
  },
  {
    id: "resnet50",
    title: "ResNet-50, ImageNet labels (torchvision)",
    address: "https://huggingface.co/timm/resnet50.tv_in1k/resolve/main/model.safetensors",
    format: "safetensors",
    architecture: "ResNet-50",
    embedding: "pooled features, 2048 dimensions",
    inputSize: 224,
    roughBytes: 102e6,
    licence: "BSD-3-Clause",
    citation: heResNet,
    sha256: "5d061a3c593d795bfe682d9b152bafbcf550579873492def3515b46db1189888",
    recipe: imageNet224,
  },
  {
    id: "resnet101",
    title: "ResNet-101, ImageNet labels (torchvision)",
    address: "https://huggingface.co/timm/resnet101.tv_in1k/resolve/main/model.safetensors",
    format: "safetensors",
    architecture: "ResNet-101",
    embedding: "pooled features, 2048 dimensions",
    inputSize: 224,
    roughBytes: null,
    licence: "BSD-3-Clause",
    citation: heResNet,
    sha256: null,
    recipe: imageNet224,
  },
  {
    id: "mobilenet-v3-large",
    title: "MobileNetV3-Large, ImageNet labels (timm)",
    address: "https://huggingface.co/timm/mobilenetv3_large_100.ra_in1k/resolve/main/model.safetensors",
    format: "safetensors",
    architecture: "MobileNetV3-Large",
    embedding: "pooled features",
    inputSize: 224,
    roughBytes: 22.1e6,
    licence: "Apache-2.0",
    citation: howardMobileNet,
    sha256: "f425af34cc1cead2b5d6211f789a1f30b94835dc32f9c0fcc5a916e4fd2dde85",
    recipe: imageNet224,
  },
  {
    id: "mobilenet-v3-small",
    title: "MobileNetV3-Small, ImageNet labels (timm)",
    address: "https://huggingface.co/timm/mobilenetv3_small_100.lamb_in1k/resolve/main/model.safetensors",
    format: "safetensors",
    architecture: "MobileNetV3-Small",
    embedding: "pooled features",
    inputSize: 224,
    roughBytes: 10.2e6,
    licence: "Apache-2.0",
    citation: howardMobileNet,
    sha256: null,
    recipe: imageNet224,
  },
  {
    id: "moco-v2",
    title: "ResNet-50 by MoCo-v2, no labels, 800 epochs",
    address:
      "https://dl.fbaipublicfiles.com/moco/moco_checkpoints/moco_v2_800ep/moco_v2_800ep_pretrain.pth.tar",
    format: "pytorch",
    architecture: "ResNet-50",
    embedding: "projection head, 128 dimensions",
    inputSize: 224,
    roughBytes: null,
    licence: "CC-BY-NC-4.0",
    citation: "Chen et al. 2020, arXiv 2003.04297",
    sha256: null,
    recipe: imageNet224,
  },
  {
    id: "dino-resnet50",
    title: "ResNet-50 by DINO, no labels",
    address: "https://dl.fbaipublicfiles.com/dino/dino_resnet50_pretrain/dino_resnet50_pretrain.pth",
    format: "pytorch",
    architecture: "ResNet-50",
    embedding: "pooled features, 2048 dimensions",
    inputSize: 224,
    roughBytes: null,
    licence: "Apache-2.0",
    citation: "Caron et al. 2021, arXiv 2104.14294",
    sha256: null,
    recipe: imageNet224,
  },
  {
    id: "mobilenet-v1-quarter",
    title: "MobileNetV1, a quarter as wide (TensorFlow.js)",
    address: "https://storage.googleapis.com/tfjs-models/tfjs/mobilenet_v1_0.25_224/model.json",
    format: "tfjs",
    architecture: "MobileNetV1 layers model",
    embedding: "pooled features",
    inputSize: 224,
    roughBytes: null,
    licence: "Apache-2.0",
    citation: "Howard et al. 2017, arXiv 1704.04861",
    sha256: null,
  },
  {
    id: "mobilenet-v2",
    title: "MobileNetV2 (TensorFlow.js)",
    address: "https://storage.googleapis.com/tfjs-models/savedmodel/mobilenet_v2_1.0_224/model.json",
    format: "tfjs",
    architecture: "MobileNetV2 graph model",
    embedding: "pooled features",
    inputSize: 224,
    roughBytes: null,
    licence: "Apache-2.0",
    citation: "Sandler et al. 2018, arXiv 1801.04381",
    sha256: null,
  },
  {
    id: "dinov2-small",
    title: "DINOv2-small, no labels (ONNX)",
    address: "https://huggingface.co/Xenova/dinov2-small/resolve/main/onnx/model.onnx",
    format: "onnx",
    architecture: "ViT-S/14",
    embedding: "first token, 384 dimensions",
    inputSize: 224,
    roughBytes: 88.5e6,
    licence: "Apache-2.0",
    citation: "Oquab et al. 2023, arXiv 2304.07193",
    sha256: null,
    recipe: { ...imageNet224, pooling: "firstToken" },
  },
  {
    id: "dino-vits16",
    title: "DINO ViT-S/16, no labels (ONNX)",
    address: "https://huggingface.co/Xenova/dino-vits16/resolve/main/onnx/model.onnx",
    format: "onnx",
    architecture: "ViT-S/16",
    embedding: "first token, 384 dimensions",
    inputSize: 224,
    roughBytes: 86.9e6,
    licence: "Apache-2.0",
    citation: "Caron et al. 2021, arXiv 2104.14294",
    sha256: null,
    recipe: { ...imageNet224, pooling: "firstToken" },
  },
  {
    id: "clip-vit-b32",
    title: "CLIP ViT-B/32, the image half (ONNX)",
    address: "https://huggingface.co/Xenova/clip-vit-base-patch32/resolve/main/onnx/vision_model.onnx",
    format: "onnx",
    architecture: "ViT-B/32",
    embedding: "image embedding, 512 dimensions",
    inputSize: 224,
    roughBytes: 352e6,
    licence: "MIT",
    citation: "Radford et al. 2021, arXiv 2103.00020",
    sha256: null,
    recipe: { inputSize: 224, normalisation: "clip" },
  },
];
