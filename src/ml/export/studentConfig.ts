import type { StudentSettings } from "../../contract/studentExport.ts";
import type { Network } from "../models/network.ts";
import type { Preprocessing } from "../tensors/normalizeImages.ts";
import type { TrainedNetwork } from "./trainedNetwork.ts";

/** What `model.py` builds the student from. */
export interface StudentDescription {
  readonly architecture: StudentSettings["student"];
  readonly stem: StudentSettings["studentStem"];
  /** 64 is published. */
  readonly width: number;
  readonly image_size: number;
  readonly image_mean: Preprocessing["mean"];
  readonly image_std: Preprocessing["std"];
  readonly feature_dim: number;
  readonly head:
    | null
    | { readonly kind: "linear" | "simReg"; readonly out: number }
    | { readonly kind: "mlp"; readonly hidden: number; readonly out: number };
}

export function describeStudent(
  { network, imageSize, preprocessing }: TrainedNetwork,
  settings: StudentSettings,
): StudentDescription {
  return {
    architecture: settings.student,
    stem: settings.studentStem,
    width: settings.studentWidth,
    image_size: imageSize,
    image_mean: preprocessing.mean,
    image_std: preprocessing.std,
    feature_dim: network.featureDim,
    head: describeHead(network, settings),
  };
}

function describeHead(
  { features, embedding, embeddingDim: out }: Network,
  { method, hiddenWidth: hidden }: StudentSettings,
): StudentDescription["head"] {
  if (embedding === features) return null;
  if (method === "simReg") return { kind: "simReg", out };
  return hidden === 0 ? { kind: "linear", out } : { kind: "mlp", hidden, out };
}

/** torchvision's constructors of networks of published width and stem; it has no ResNet-9. */
const torchvisionNames: Partial<Record<StudentSettings["student"], string>> = {
  resnet18: "resnet18",
  resnet34: "resnet34",
  resnet50: "resnet50",
  mobilenetV3Small: "mobilenet_v3_small",
  mobilenetV3Large: "mobilenet_v3_large",
  efficientnetB0: "efficientnet_b0",
  efficientnetB1: "efficientnet_b1",
};

/** What torchvision calls this student; null where it has not the like. */
export function torchvisionName({ student, studentStem, studentWidth }: StudentSettings): string | null {
  const isPublished = studentWidth === 64 && studentStem === "imagenet";
  return isPublished ? (torchvisionNames[student] ?? null) : null;
}

/** The same of timm, whose ResNets alone are named as torchvision's. */
export function timmName(settings: StudentSettings): string | null {
  return settings.student.startsWith("resnet") ? torchvisionName(settings) : null;
}

/** `config.json`: for timm's hub where it has such a network, and for `model.py` always. */
export function studentConfig(
  student: StudentDescription,
  settings: StudentSettings,
): Record<string, unknown> {
  const timm = timmName(settings);
  const { image_size: side, image_mean: mean, image_std: std, feature_dim: features } = student;
  const forTimm = {
    architecture: timm,
    num_classes: 0,
    num_features: features,
    pretrained_cfg: {
      tag: "disco",
      custom_load: false,
      input_size: [3, side, side],
      fixed_input_size: false,
      interpolation: "bilinear",
      crop_pct: 1,
      crop_mode: "center",
      mean,
      std,
      num_classes: 0,
      pool_size: [Math.ceil(side / 32), Math.ceil(side / 32)],
      first_conv: "conv1",
      classifier: "fc",
    },
  };
  return { ...(timm === null ? {} : forTimm), student };
}
