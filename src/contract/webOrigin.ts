/** Where something came from that was downloaded: enough to download the same again. */
export interface WebOrigin {
  readonly address: string;
  /** Hex, of the file at that address (of a TensorFlow.js model: of its model.json); null where nobody knows it yet. */
  readonly sha256: string | null;
}
