/** As far as it is used here; the package comes without types. */
declare module "gifenc" {
  type Palette = number[][];
  interface FrameOptions {
    readonly palette?: Palette;
    /** Milliseconds. */
    readonly delay?: number;
    readonly transparent?: boolean;
    readonly transparentIndex?: number;
    /** 1 = the frame before stays where this one is transparent. */
    readonly dispose?: number;
  }
  interface Encoder {
    writeFrame(indices: Uint8Array, width: number, height: number, options: FrameOptions): void;
    finish(): void;
    bytes(): Uint8Array;
  }
  const gifenc: {
    GIFEncoder(): Encoder;
    quantize(rgba: Uint8Array, mostColours: number): Palette;
    applyPalette(rgba: Uint8Array, palette: Palette): Uint8Array;
  };
  export default gifenc;
}
declare module "pngjs" {
  export const PNG: {
    readonly sync: { read(png: Buffer): { width: number; height: number; data: Buffer } };
  };
}
