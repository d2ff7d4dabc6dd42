import type { Config } from "../../contract/config.ts";
import type { Engine } from "../../contract/protocol.ts";
import { invariant } from "../../lib/invariant.ts";

/** A picture of the set and two views of it, as a configuration would draw them. */
export interface LookedAtViews {
  readonly name: string;
  /** Number of its label; −1 without. */
  readonly label: number;
  /** The whole picture, RGBA at the side that was asked for. */
  readonly whole: Uint8ClampedArray<ArrayBuffer>;
  /** Side of the views. */
  readonly side: number;
  readonly views: readonly [Uint8ClampedArray<ArrayBuffer>, Uint8ClampedArray<ArrayBuffer>];
}

/**
 * @param draw which of the many views; the same number, the same views.
 * @param wholeSide of the whole picture.
 * @throws AppError "not-found" where there is no such image (any more).
 */
export async function lookAtViews(
  engine: Engine,
  config: Config,
  { index, draw, wholeSide }: { readonly index: number; readonly draw: number; readonly wholeSide: number },
): Promise<LookedAtViews> {
  const [{ pixels, names, classes }, { side, views }] = await Promise.all([
    engine.request("thumbnails", { indices: [index], side: wholeSide }),
    engine.request("previewViews", { index, config, draw }),
  ]);
  const [first, second] = views;
  invariant(first !== undefined && second !== undefined, "two views of an image");
  return { name: names[0] ?? "", label: classes[0] ?? -1, whole: pixels, side, views: [first, second] };
}
