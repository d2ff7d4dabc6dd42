import {
  adjustBrightness,
  adjustContrast,
  adjustHue,
  adjustSaturation,
  toGrayscale,
} from "../src/ml/augment/colour.ts";
import { cropResize } from "../src/ml/augment/cropResize.ts";
import { gaussianBlur } from "../src/ml/augment/gaussianBlur.ts";
import { renderView } from "../src/ml/augment/renderViews.ts";
import { jitterOperations, wholeView, type View } from "../src/ml/augment/viewParameters.ts";
import { tfjsGpu } from "../src/ml/tfjs/tfjsGpu.ts";
import { normalizeImages } from "../src/ml/tensors/normalizeImages.ts";
import * as tf from "../src/ml/tfjs/tf.ts";
import { checked, failed, worstAbsolute, type CheckRow } from "./checkRow.ts";
import {
  arrayOf,
  at,
  floatsOf,
  listAt,
  NotUnderstood,
  numberAt,
  objectAt,
  textAt,
  type Fixture,
  type Json,
} from "./fixture.ts";
import { renderViewOnGpu } from "./renderViewOnGpu.ts";

interface Picture {
  readonly height: number;
  readonly width: number;
  /** [height, width, 3]. */
  readonly pixels: Float32Array;
}

interface Operation {
  readonly name: string;
  readonly params: Json;
}

/** A channels-first fixture array as a picture. */
function pictureOf(fixture: Fixture, name: string): Picture {
  const [channels, height, width] = arrayOf(fixture, name).shape;
  if (channels !== 3 || height === undefined || width === undefined)
    throw new NotUnderstood(`${name} is not an RGB image [3, H, W]`);
  const planes = floatsOf(fixture, name);
  const area = height * width;
  return { height, width, pixels: planes.map((_, i) => planes[(i % 3) * area + Math.floor(i / 3)]!) };
}

const jitterFunctions = {
  brightness: adjustBrightness,
  contrast: adjustContrast,
  saturation: adjustSaturation,
  hue: adjustHue,
} as const;
type JitterName = keyof typeof jitterFunctions;

/** Applies one operation of the fixture by the function the product uses for it. */
async function apply(picture: Picture, { name, params }: Operation): Promise<Picture> {
  const { height, width } = picture;
  const pixels = picture.pixels.slice();
  const end = pixels.length;
  switch (name) {
    case "crop_resize":
      return cropped(picture, params);
    case "hflip":
      return { ...picture, pixels: pixels.map((_, i) => pixels[flipped(i, width)]!) };
    case "brightness":
    case "contrast":
    case "saturation":
    case "hue":
      jitterFunctions[name](pixels, 0, end, numberAt(params));
      return { ...picture, pixels };
    case "grayscale":
      toGrayscale(pixels, 0, end);
      return { ...picture, pixels };
    case "gaussian_blur":
      gaussianBlur({
        ...{ pixels, offset: 0, height, width, scratch: new Float32Array(end) },
        ...{ sigma: numberAt(params, "sigma"), radius: (numberAt(params, "kernel_size") - 1) / 2 },
      });
      return { ...picture, pixels };
    case "normalize": {
      const three = (key: string) => listAt(params, key).map(Number) as [number, number, number];
      const normalized = tf.tidy(() =>
        normalizeImages(tf.tensor4d(pixels, [1, height, width, 3]), {
          mean: three("mean"),
          std: three("std"),
        }),
      );
      const values = new Float32Array(await normalized.data());
      normalized.dispose();
      return { ...picture, pixels: values };
    }
    default:
      throw new NotUnderstood(`no augmentation here is called ${name}`);
  }
}

function flipped(index: number, width: number): number {
  const pixel = Math.floor(index / 3);
  const x = pixel % width;
  return (pixel - x + width - 1 - x) * 3 + (index % 3);
}

function cropped(picture: Picture, params: Json): Picture {
  const [height, width] = listAt(params, "out").map(Number) as [number, number];
  const box = boxOf(params);
  const out = new Float32Array(height * width * 3);
  cropResize({
    source: picture.pixels,
    sourceOffset: 0,
    sourceWidth: picture.width,
    scale: 1,
    box,
    flip: false,
    antialias: at(params, "antialias") === true,
    height,
    width,
    out,
    outOffset: 0,
    scratch: new Float32Array(box.height * width * 3),
  });
  return { height, width, pixels: out };
}

function boxOf(params: Json) {
  return {
    top: numberAt(params, "top"),
    left: numberAt(params, "left"),
    height: numberAt(params, "height"),
    width: numberAt(params, "width"),
  };
}

/**
 * Every operation alone and every pipeline of a 5_augment/augmentations fixture. Pipelines run twice: operation by
 * operation, and where they are one of our views, as one, on WebGPU by its kernel too. Otherwise only normalisation uses
 * the backend.
 */
export async function verifyAugmentations(fixture: Fixture): Promise<CheckRow[]> {
  const rows: CheckRow[] = [];
  for (const [name, entry] of Object.entries(objectAt(fixture.manifest, "outputs"))) {
    try {
      const operations = listAt(entry, "ops").map((operation) => ({
        name: textAt(operation, "op"),
        params: at(operation, "params"),
      }));
      const source = pictureOf(fixture, operations[0]?.name === "crop_resize" ? "in.image" : "in.small");
      const golden = pictureOf(fixture, name).pixels;
      const tolerance = numberAt(
        fixture.manifest,
        "tolerance",
        operations.length === 1 ? "single operations, absolute" : "pipelines after normalisation, absolute",
      );
      let result = source;
      for (const operation of operations) result = await apply(result, operation);
      rows.push(checked(name, worstAbsolute(result.pixels, golden), tolerance));
      for (const { where, pixels } of await renderAsView(source, operations))
        rows.push(checked(`${name}, rendered as one view${where}`, worstAbsolute(pixels, golden), tolerance));
    } catch (error) {
      rows.push(failed(name, String(error)));
    }
  }
  return rows;
}

interface RenderedView {
  /** "" for plain loops. */
  readonly where: string;
  readonly pixels: Float32Array;
}

/** A pipeline in one go, as runs have it, by all that can; by none when it is not a view of ours. */
async function renderAsView(source: Picture, operations: readonly Operation[]): Promise<RenderedView[]> {
  const [crop, ...rest] = operations;
  if (crop?.name !== "crop_resize" || rest.length === 0) return [];
  const [height, width] = listAt(crop.params, "out").map(Number);
  if (height === undefined || height !== width || at(crop.params, "antialias") !== true) return [];
  const view = viewOf(crop, rest);
  if (!view) return [];
  const pixels = new Float32Array(height * height * 3);
  renderView(
    { values: source.pixels, offset: 0, width: source.width, scale: 1 },
    view,
    { values: pixels, offset: 0, size: height },
    new Float32Array(Math.max(source.height, height) * height * 3),
  );
  const rendered: RenderedView[] = [{ where: "", pixels }];
  const gpu = tfjsGpu();
  if (gpu !== null)
    rendered.push({ where: " on the GPU", pixels: await renderViewOnGpu(gpu, source, view, height) });
  const normalize = rest.find(({ name }) => name === "normalize");
  if (normalize === undefined) return rendered;
  return Promise.all(
    rendered.map(async ({ where, pixels }) => ({
      where,
      pixels: (await apply({ height, width, pixels }, normalize)).pixels,
    })),
  );
}

/** The view that does these operations; null when they come in an order that views do not have. */
function viewOf(crop: Operation, operations: readonly Operation[]): View | null {
  const order = ["jitter", "grayscale", "gaussian_blur", "hflip", "normalize"];
  const stages = operations.map(({ name }) => order.indexOf(name in jitterFunctions ? "jitter" : name));
  if (stages.some((stage, i) => stage < 0 || stage < (stages[i - 1] ?? 0))) return null;
  const jitter = operations.filter(({ name }) => name in jitterFunctions);
  const amounts = Object.fromEntries(jitter.map(({ name, params }) => [name, numberAt(params)]));
  if (Object.keys(amounts).length < jitter.length) return null; // one of them twice
  const slot = (i: number): number => {
    const operation = jitter[i];
    return operation === undefined ? -1 : jitterOperations.indexOf(operation.name as JitterName);
  };
  const blur = operations.find(({ name }) => name === "gaussian_blur")?.params;
  const has = (name: string): number => (operations.some((operation) => operation.name === name) ? 1 : 0);
  const { top, left, height, width } = boxOf(crop.params);
  return {
    ...wholeView(height, width),
    ...{ cropTop: top, cropLeft: left, cropHeight: height, cropWidth: width },
    ...{ jitter0: slot(0), jitter1: slot(1), jitter2: slot(2), jitter3: slot(3) },
    ...amounts,
    grayscale: has("grayscale"),
    blurSigma: blur === undefined ? 0 : numberAt(blur, "sigma"),
    blurRadius: blur === undefined ? 0 : (numberAt(blur, "kernel_size") - 1) / 2,
    flip: has("hflip"),
  };
}
