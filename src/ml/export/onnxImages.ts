import type { Preprocessing } from "../tensors/normalizeImages.ts";
import type { OnnxBuilder } from "./onnxBuilder.ts";

/** uint8 [N, H, W, 3] → the square in the middle, resized with smoothing and normalised: float32 [N, 3, S, S]. */
export function imagesFromBytes(
  graph: OnnxBuilder,
  pixels: string,
  side: number,
  { mean, std }: Preprocessing,
): string {
  const index = (name: string, ...values: number[]): string => graph.constant(name, [values.length], values);
  const shape = graph.node("Shape", "shape", [pixels]);
  const height = graph.node("Gather", "height", [shape, index("axis_height", 1)]);
  const width = graph.node("Gather", "width", [shape, index("axis_width", 2)]);
  const square = graph.node("Min", "square", [height, width]);
  const two = index("two", 2);
  const half = (name: string, whole: string): string =>
    graph.node("Div", name, [graph.node("Sub", `${name}_room`, [whole, square]), two]);
  const starts = graph.node("Concat", "starts", [half("top", height), half("left", width)], { axis: 0 });
  const sides = graph.node("Concat", "sides", [square, square], { axis: 0 });
  const ends = graph.node("Add", "ends", [starts, sides]);
  const cut = graph.node("Slice", "cut", [pixels, starts, ends, index("axes_of_places", 1, 2)]);
  const floats = graph.node("Cast", "floats", [cut], { to: 1 });
  const channelsFirst = graph.node("Transpose", "channels_first", [floats], { perm: [0, 3, 1, 2] });
  const resized = graph.node(
    "Resize",
    "resized",
    [channelsFirst, "", "", index("resized_sides", side, side)],
    {
      mode: "linear",
      antialias: 1,
      exclude_outside: 1, // taps beyond the border are cut, as in PIL and PyTorch
      coordinate_transformation_mode: "half_pixel",
      axes: [2, 3],
    },
  );
  const channels = [1, 3, 1, 1];
  const scale = graph.constant(
    "scale",
    channels,
    Float32Array.from(std, (each) => 1 / (255 * each)),
  );
  const shift = graph.constant(
    "shift",
    channels,
    Float32Array.from(mean, (each, c) => -each / std[c]!),
  );
  return graph.node("Add", "pixel_values", [graph.node("Mul", "scaled", [resized, scale]), shift]);
}
