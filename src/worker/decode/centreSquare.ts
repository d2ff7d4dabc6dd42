/** The largest square around the centre of a picture, in whole pixels. */
export function centreSquare({ width, height }: { readonly width: number; readonly height: number }): {
  readonly left: number;
  readonly top: number;
  readonly side: number;
} {
  const side = Math.min(width, height);
  return { left: Math.floor((width - side) / 2), top: Math.floor((height - side) / 2), side };
}
