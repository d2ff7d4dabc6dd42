/**
 * A square picture turned and mirrored as EXIF's orientation says.
 *
 * @param pixels [size, size, 3]
 * @param orientation 1 to 8; 6, for example, is a quarter turn clockwise.
 * @returns [size, size, 3]
 */
export function turnSquare(
  pixels: Uint8Array<ArrayBuffer>,
  size: number,
  orientation: number,
): Uint8Array<ArrayBuffer> {
  const last = size - 1;
  const isTransposed = orientation >= 5;
  const fromRight = [2, 3, 7, 8].includes(orientation);
  const fromBottom = [3, 4, 6, 7].includes(orientation);
  const turned = new Uint8Array(pixels.length);
  for (let y = 0, to = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      const column = isTransposed ? y : x;
      const row = isTransposed ? x : y;
      const from = ((fromBottom ? last - row : row) * size + (fromRight ? last - column : column)) * 3;
      turned[to++] = pixels[from]!;
      turned[to++] = pixels[from + 1]!;
      turned[to++] = pixels[from + 2]!;
    }
  }
  return turned;
}
