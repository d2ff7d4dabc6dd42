import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

/**
 * What makes a page cross-origin isolated, and so gives it SharedArrayBuffer: WASM needs it for threads.
 * Any server that hosts the playground should send the same two; without them it works on one thread.
 */
export const isolationHeaders = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
} as const;

export default defineConfig({
  // Relative addresses, so that one build works at a domain's root and under any sub-path.
  base: "./",
  plugins: [react()],
  worker: { format: "es" },
  server: { host: "127.0.0.1", headers: isolationHeaders },
  preview: { host: "127.0.0.1", headers: isolationHeaders },
  build: {
    target: "es2023",
    // Assets stay files: a data: address would need a hole in the Content-Security-Policy.
    assetsInlineLimit: 0,
    // The engine's chunk is tfjs with three backends; it lives in the worker and never blocks the page.
    chunkSizeWarningLimit: 3000,
  },
});
