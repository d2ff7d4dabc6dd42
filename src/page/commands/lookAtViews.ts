import type { Config } from "../../contract/config.ts";
import type { Engine } from "../../contract/protocol.ts";
import { invariant } from "../../lib/invariant.ts";
import type { GivenPicture } from "../stores/sightStore.ts";

/** A picture and two views of it, as a configuration would draw them. */
export interface LookedAtViews {
  readonly name: string;
  /** Number of its label; −1 without. */
  readonly label: number;
  /** The whole picture, RGBA, `wholeSide` × `wholeSide`. */
  readonly whole: Uint8ClampedArray<ArrayBuffer>;
  readonly wholeSide: number;
  /** Side of the views. */
  readonly side: number;
  readonly views: readonly [Uint8ClampedArray<ArrayBuffer>, Uint8ClampedArray<ArrayBuffer>];
}

/** Of the set at the side that is asked for; one that was given has its own. */
export type LookedAt =
  { readonly index: number; readonly wholeSide: number } | { readonly given: GivenPicture };

/**
 * @param draw which of the many views; the same number, the same views.
 * @throws AppError "not-found" where there is no such image (any more).
 */
export async function lookAtViews(
  engine: Engine,
  config: Config,
  looked: LookedAt,
  draw: number,
): Promise<LookedAtViews> {
  const [picture, { side, views }] = await Promise.all([
    "given" in looked ? wholeOfGiven(looked.given) : wholeOfSet(engine, looked),
    engine.request("previewViews", {
      query:
        "given" in looked
          ? { kind: "picture", side: looked.given.side, rgb: looked.given.rgb.slice() }
          : { kind: "image", index: looked.index },
      config,
      draw,
    }),
  ]);
  const [first, second] = views;
  invariant(first !== undefined && second !== undefined, "two views of an image");
  return { ...picture, side, views: [first, second] };
}

type WholePicture = Pick<LookedAtViews, "name" | "label" | "whole" | "wholeSide">;

async function wholeOfSet(
  engine: Engine,
  { index, wholeSide }: { readonly index: number; readonly wholeSide: number },
): Promise<WholePicture> {
  const { pixels, names, classes } = await engine.request("thumbnails", {
    indices: [index],
    side: wholeSide,
  });
  return { name: names[0] ?? "", label: classes[0] ?? -1, whole: pixels, wholeSide };
}

function wholeOfGiven(given: GivenPicture): WholePicture {
  return { name: given.name, label: -1, whole: toRgba(given), wholeSide: given.side };
}

/** Its pixels as a canvas takes them. */
export function toRgba({ side, rgb }: GivenPicture): Uint8ClampedArray<ArrayBuffer> {
  const rgba = new Uint8ClampedArray(side * side * 4).fill(255);
  for (let i = 0; i < side * side; i++) rgba.set(rgb.subarray(3 * i, 3 * i + 3), 4 * i);
  return rgba;
}

/** Pixels of a canvas without their opacity. */
export function toRgb(rgba: Uint8ClampedArray): Uint8Array<ArrayBuffer> {
  const rgb = new Uint8Array((rgba.length / 4) * 3);
  for (let i = 0; i < rgba.length / 4; i++) rgb.set(rgba.subarray(4 * i, 4 * i + 3), 3 * i);
  return rgb;
}
