/** The programs that exports are tried in before they are handed over. Those of a browser are in `browserRuntimes.ts`. */
import type { PackedFile } from "./packedFile.ts";

/** Numbers for a model's input. */
export interface ModelInput {
  readonly name: string;
  readonly shape: readonly number[];
  readonly values: Float32Array | Uint8Array;
}

export interface ExportRuntimes {
  readonly onnx: {
    /** "ONNX Runtime Web 1.30.0". */
    readonly title: string;
    /** @returns the outputs of these names, row-major. May fail with whatever the runtime says. */
    run(model: Uint8Array, input: ModelInput, outputs: readonly string[]): Promise<readonly Float32Array[]>;
  };
  readonly tfjs: {
    readonly title: string;
    /** @param files `model.json` and its weights. */
    run(
      files: readonly PackedFile[],
      input: ModelInput,
      outputs: readonly string[],
    ): Promise<readonly Float32Array[]>;
  };
}
