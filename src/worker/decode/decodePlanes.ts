/**
 * JPEGs without the detour over RGB: the decoder's own planes of brightness and colour are scaled, and only the small
 * result becomes RGB. Browsers offer them through WebCodecs; where they do not, `decodeBitmap.ts` does the same.
 */
import { ChannelResizer, triangleTaps } from "./decodeResize.ts";
import { SpareArrays } from "./spareArrays.ts";
import { centreSquare } from "./centreSquare.ts";

/** How many pixels share a colour sample, across and down. */
const subsampling: Readonly<Record<string, { readonly across: number; readonly down: number }>> = {
  I444: { across: 1, down: 1 },
  I422: { across: 2, down: 1 },
  I420: { across: 2, down: 2 },
};

const spareSamples = new SpareArrays((bytes) => new Uint8Array(bytes), { arrays: 4, bytes: 8 * 1024 * 1024 });

/**
 * Short side to `size`, long side cropped around the centre.
 *
 * @param jpeg of which the header says that it is planar.
 * @returns [size, size, 3] RGB bytes; null where the browser does not give the planes, or cannot decode the file.
 */
export async function decodePlanes(
  jpeg: Uint8Array<ArrayBuffer>,
  size: number,
): Promise<Uint8Array<ArrayBuffer> | null> {
  if (!("ImageDecoder" in globalThis)) return null;
  const decoder = new ImageDecoder({ data: jpeg, type: "image/jpeg" });
  let frame: VideoFrame | undefined;
  try {
    ({ image: frame } = await decoder.decode());
    const { format, visibleRect, colorSpace } = frame;
    const shared = subsampling[format ?? ""];
    const isJpegs = colorSpace.fullRange === true && colorSpace.matrix === "smpte170m";
    if (shared === undefined || visibleRect === null || !isJpegs) return null;
    const samples = spareSamples.take(frame.allocationSize());
    const planes = await frame.copyTo(samples);
    const pixels = resizePlanes(
      { samples, planes, shared, width: visibleRect.width, height: visibleRect.height },
      size,
    );
    spareSamples.giveBack(samples);
    return pixels;
  } catch {
    return null; // whether the file is to blame, the other way will tell
  } finally {
    frame?.close();
    decoder.close();
  }
}

/** A picture as brightness, blueness and redness, one after the other in memory. */
interface Planes {
  readonly samples: Uint8Array;
  readonly planes: readonly PlaneLayout[];
  /** How many pixels share a sample of the last two. */
  readonly shared: { readonly across: number; readonly down: number };
  readonly width: number;
  readonly height: number;
}

function resizePlanes(picture: Planes, size: number): Uint8Array<ArrayBuffer> {
  const { across, down } = picture.shared;
  return toRgb(
    resizePlane(picture, 0, 1, 1, size),
    resizePlane(picture, 1, across, down, size),
    resizePlane(picture, 2, across, down, size),
  );
}

function resizePlane(
  picture: Planes,
  index: number,
  across: number,
  down: number,
  size: number,
): Float64Array {
  const plane = picture.planes[index];
  if (plane === undefined) throw new RangeError(`${picture.planes.length} planes`);
  const { left, top, side } = centreSquare(picture);
  const firstRow = Math.floor(top / down);
  const rows = Math.ceil((top + side) / down) - firstRow;
  const resizer = new ChannelResizer(
    triangleTaps({ from: left, length: side, spacing: across }, size),
    triangleTaps({ from: top - firstRow * down, length: side, spacing: down }, size),
    rows,
  );
  const { offset, stride } = plane;
  resizer.addRows({ samples: picture.samples, start: offset + firstRow * stride, step: 1, stride, rows });
  return resizer.finish();
}

/**
 * R = Y + 1.402 (Cr − 128), G = Y − 0.344136 (Cb − 128) − 0.714136 (Cr − 128), B = Y + 1.772 (Cb − 128): as JFIF has
 * it (ITU-T T.871).
 */
function toRgb(
  brightness: Float64Array,
  blueness: Float64Array,
  redness: Float64Array,
): Uint8Array<ArrayBuffer> {
  const rgb = new Uint8ClampedArray(brightness.length * 3); // rounds
  for (let i = 0; i < brightness.length; i++) {
    const y = brightness[i]!;
    const cb = blueness[i]! - 128;
    const cr = redness[i]! - 128;
    rgb[3 * i] = y + 1.402 * cr;
    rgb[3 * i + 1] = y - 0.344136 * cb - 0.714136 * cr;
    rgb[3 * i + 2] = y + 1.772 * cb;
  }
  return new Uint8Array(rgb.buffer);
}
