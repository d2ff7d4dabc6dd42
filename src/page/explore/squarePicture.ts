import { AppError } from "../../contract/errors.ts";
import { toRgb } from "../commands/lookAtViews.ts";
import type { GivenPicture } from "../stores/sightStore.ts";

/** More than any camera makes. */
const mostBytes = 60e6;

/**
 * A picture file as a square of the set's size, cut from its middle as the images of a set are. The browser decodes it,
 * off the main thread; nothing of it is kept or sent.
 *
 * @throws AppError "image-rejected" what is wrong with the file.
 */
export async function squarePicture(file: File, side: number): Promise<GivenPicture> {
  const refuse = (why: string): AppError =>
    new AppError("image-rejected", `“${file.name}” ${why}`, {
      hint: "Give a JPEG, PNG, WebP, GIF or AVIF picture.",
    });
  if (file.size > mostBytes) throw refuse("is larger than 60 MB");
  let bitmap: ImageBitmap;
  try {
    bitmap = await createImageBitmap(file);
  } catch {
    throw refuse("is not a picture this browser can decode");
  }
  const { width, height } = bitmap;
  const cut = Math.min(width, height);
  const canvas = new OffscreenCanvas(side, side);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (context === null) throw refuse("could not be drawn");
  context.imageSmoothingQuality = "high";
  context.fillStyle = "#fff";
  context.fillRect(0, 0, side, side);
  context.drawImage(bitmap, (width - cut) / 2, (height - cut) / 2, cut, cut, 0, 0, side, side);
  bitmap.close();
  const { data } = context.getImageData(0, 0, side, side);
  return { name: file.name, side, rgb: toRgb(data) };
}
