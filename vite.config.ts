import react from "@vitejs/plugin-react";
import { defaultClientConditions, defineConfig, type Connect, type Plugin } from "vite";
import { firstLoad } from "./tools/firstLoad.ts";
import { headersFile } from "./tools/headersFile.ts";
import { serviceWorker } from "./tools/serviceWorkerPlugin.ts";
import { siteAddress } from "./tools/siteAddress.ts";
import { downloadFolder, isolationHeaders, policyOfPage, policyOfScript } from "./src/contract/isolation.ts";

/**
 * Workaround: tfjs gives its WASM threads their program as the source text of one of its functions, and that
 * function reads `typeof _scriptDir` from outside itself. A minifier may drop the `typeof`, since it sees the
 * declaration, and every thread then dies of a ReferenceError (seen with tfjs 4.22.0 and Vite 8.3). Declaring the
 * name inside makes the text whole. To be deleted when tfjs's factory is; the build fails if it has changed.
 */
const selfContainedWasmThreads: Plugin = {
  name: "self-contained-wasm-threads",
  transform: {
    filter: { id: /tfjs-backend-wasm-threaded-simd\.js$/ },
    handler(code) {
      const head = "function(WasmBackendModuleThreadedSimd) {\n";
      if (!code.includes(head))
        this.error("tfjs-backend-wasm's threaded factory has changed; see vite.config.ts");
      return { code: code.replace(head, `${head}  var _scriptDir;\n`), map: null };
    },
  },
};

/** Vite's development server puts styles, and faults, into the page as text; the build does not, and stays strict. */
const developmentPolicy: Plugin = {
  name: "development-policy",
  apply: "serve",
  transformIndexHtml: (html) =>
    html
      .replace("style-src 'self'", "style-src 'self' 'unsafe-inline'")
      .replace("; require-trusted-types-for 'script'; trusted-types default", ""),
};

/** Scripts that become workers get their policies from these servers too, so that what would break there shows here. */
const sendPolicy: Connect.NextHandleFunction = ({ url = "/" }, response, next) => {
  const asked = new URL(url, "http://localhost");
  const { pathname, searchParams } = asked;
  if (/\.m?js$/.test(pathname) || searchParams.has("worker_file"))
    response.setHeader("Content-Security-Policy", policyOfScript(pathname));
  else if (/(?:\/|\.html)$/.test(pathname))
    response.setHeader("Content-Security-Policy", policyOfPage(asked));
  next();
};
const workerPolicies: Plugin = {
  name: "worker-policies",
  configureServer: ({ middlewares }) => void middlewares.use(sendPolicy),
  configurePreviewServer: ({ middlewares }) => void middlewares.use(sendPolicy),
};

/** ONNX Runtime without its WASM glue inlined: that is a file of its own, beside the binary, as its threads need it. */
export const onnxConditions = ["onnxruntime-web-use-extern-wasm", ...defaultClientConditions];

export default defineConfig({
  // Relative addresses, so that one build works at a domain's root and under any sub-path.
  base: "./",
  resolve: { conditions: onnxConditions },
  plugins: [react(), developmentPolicy, workerPolicies, firstLoad, siteAddress, headersFile, serviceWorker],
  worker: {
    format: "es",
    plugins: () => [selfContainedWasmThreads],
    rolldownOptions: {
      output: {
        // The one worker with a policy of its own is in a folder of its own, so that hosts need one rule a folder.
        entryFileNames: ({ name }) =>
          `${name === "downloadWorker" ? downloadFolder : "assets"}/[name]-[hash].js`,
      },
    },
  },
  server: { host: "127.0.0.1", headers: isolationHeaders },
  preview: { host: "127.0.0.1", headers: isolationHeaders },
  build: {
    target: "es2023",
    // Assets stay files: a data: address would need a hole in the Content-Security-Policy.
    assetsInlineLimit: 0,
    // The engine's chunk is tfjs with three backends; it lives in the worker and never blocks the page.
    chunkSizeWarningLimit: 3000,
    // Bundling the worker takes most of the time, and always will: not worth a warning.
    rolldownOptions: { checks: { bundlerTimings: false } },
  },
});
