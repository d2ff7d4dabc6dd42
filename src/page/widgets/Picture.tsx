import { useEffect, useRef } from "react";

interface PictureProps {
  readonly rgba: Uint8ClampedArray<ArrayBuffer> | null;
  readonly side: number;
  readonly className?: string | undefined;
}

/** Square pixels on a canvas; what it shows is said by whoever uses it. */
export function Picture({ rgba, side, className }: PictureProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const element = canvas.current;
    if (element !== null && rgba !== null) drawPicture(element, rgba, side);
  }, [rgba, side]);
  return <canvas ref={canvas} className={className} width={side} height={side} aria-hidden="true" />;
}

export function drawPicture(
  canvas: HTMLCanvasElement,
  rgba: Uint8ClampedArray<ArrayBuffer>,
  side: number,
): void {
  if (canvas.width !== side) {
    canvas.width = side;
    canvas.height = side;
  }
  canvas.getContext("2d")?.putImageData(new ImageData(rgba, side, side), 0, 0);
}
