/**
 * What makes a page cross-origin isolated, and so gives it SharedArrayBuffer: WASM needs it for threads. Servers of ours
 * send it; where a host does not, the service worker adds it (`serviceWorker/withPolicies.ts`).
 */
export const isolationHeaders = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
} as const;

/**
 * Goes with the page itself, beside the policy in index.html: who may show it in a frame is read from a header only.
 * Its own site, and nobody else: around a page that reads files and downloads on a click, a stranger's could get the
 * click. Only the embedded view (`?embed`), which does neither, may be shown anywhere.
 */
const documentPolicy = "frame-ancestors 'self'";
const embedPolicy = "frame-ancestors *";

/**
 * A worker does not inherit its page's policy; it has the one its own script is sent with. This one lets the engine
 * compile WASM and start its threads (from blobs), and lets it speak to its own site only. Other servers should send
 * it with the .js files too; without it, and without a service worker, a worker is not bound, though nothing in it opens
 * other connections.
 */
export const workerPolicy =
  "default-src 'none'; script-src 'self' blob: 'wasm-unsafe-eval'; worker-src 'self' blob:; connect-src 'self' blob:; img-src blob: data:";

/**
 * Of the one worker that reads from other sites. It may connect to any that is encrypted, and to this machine, and
 * do nothing else: no WASM, no workers of its own.
 */
export const downloadPolicy =
  "default-src 'none'; script-src 'self'; connect-src 'self' https: http://localhost:* http://127.0.0.1:*";

/** Where a build has the download worker's script, and nothing else. */
export const downloadFolder = "download";

/** The download worker's script: in the build, and in development. */
const downloadScript = new RegExp(
  `/(?:${downloadFolder}/downloadWorker-[\\w-]+\\.js|src/worker/download/downloadWorker\\.ts)$`,
);

/** The policy that goes with a script, by its path. */
export function policyOfScript(path: string): string {
  return downloadScript.test(path) ? downloadPolicy : workerPolicy;
}

/** The policy that goes with the page, beside the one in its own HTML. */
export function policyOfPage({ searchParams }: URL): string {
  return searchParams.has("embed") ? embedPolicy : documentPolicy;
}

/** All that goes with a file of the site, by its address and `Content-Type`. */
export function headersFor(url: URL, contentType: string): Readonly<Record<string, string>> {
  const type = contentType.split(";")[0]!.trim().toLowerCase();
  const isPage = type === "text/html";
  const isScript = type === "text/javascript" || type === "application/javascript";
  const isEmbed = isPage && url.searchParams.has("embed");
  return {
    ...isolationHeaders,
    "Cross-Origin-Resource-Policy": isEmbed ? "cross-origin" : "same-origin",
    ...(isPage ? { "Content-Security-Policy": policyOfPage(url) } : {}),
    ...(isScript ? { "Content-Security-Policy": policyOfScript(url.pathname) } : {}),
  };
}
