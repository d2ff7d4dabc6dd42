/**
 * What makes a page cross-origin isolated, and so gives it SharedArrayBuffer: WASM needs it for threads.
 * Any server that hosts the playground should send the same two; without them it works on one thread.
 */
export const isolationHeaders = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
} as const;
