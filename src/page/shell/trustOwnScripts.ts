/** What is used of the browser's Trusted Types, which TypeScript does not know yet. */
interface TrustedTypes {
  createPolicy(name: "default", rules: { createScriptURL(text: string): string | null }): unknown;
}

/**
 * The page's policy (`index.html`) lets no text become a program or markup, but for what passes here: addresses of
 * this site's own scripts, which workers are started with. Comes before the first worker.
 */
export function trustOwnScripts(): void {
  const { trustedTypes } = window as { trustedTypes?: TrustedTypes };
  trustedTypes?.createPolicy("default", {
    createScriptURL(text) {
      const url = URL.parse(text, document.baseURI);
      return url?.origin === location.origin && url.protocol !== "blob:" ? url.href : null;
    },
  });
}
