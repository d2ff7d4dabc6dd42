import type { Architecture } from "../../formats/architecture.ts";
import { buildEfficientNet, type EfficientNetName } from "../models/efficientNet.ts";
import { encoder, resNet, type HeadShape } from "../models/encoder.ts";
import { buildMobileNetV3, type MobileNetV3Name } from "../models/mobilenetV3.ts";
import type { Network } from "../models/network.ts";
import { buildResNet9 } from "../models/resnet9.ts";

/** The network of a recognised architecture, with `head` on its pooled features. */
export function networkOf(architecture: Architecture, head: HeadShape | null): Network {
  const { title } = architecture;
  if (architecture.family === "resnet9") {
    const { width, stemStride } = architecture;
    return encoder(title, (builder) => buildResNet9(builder, width, stemStride), head);
  }
  if (architecture.family !== "resnet") {
    const { family, name, widthFactor, stemStride } = architecture;
    return encoder(
      title,
      (builder) =>
        family === "mobilenetV3"
          ? buildMobileNetV3(builder, name as MobileNetV3Name, widthFactor, stemStride)
          : buildEfficientNet(builder, name as EfficientNetName, widthFactor, stemStride),
      head,
    );
  }
  return resNet(
    {
      title: architecture.title,
      stem: architecture.stem,
      stemWidth: architecture.width,
      bottleneck: architecture.block === "bottleneck",
      stages: architecture.blocks.map((blocks, i) => ({
        channels: architecture.stageChannels[i] as number,
        inner: architecture.stageInnerChannels[i] as number,
        blocks,
        stride: i === 0 ? 1 : 2,
      })),
    },
    head,
  );
}
