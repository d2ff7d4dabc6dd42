/** What page and service worker say to each other, and where files of the site are kept. */

/** Beside index.html, under a name that never changes: browsers look there for a new version. */
export const serviceWorkerFile = "serviceWorker.js";

export type ToServiceWorker =
  /** The page has what it needs for now: fetch the rest, and drop versions that no page uses. */
  | { readonly type: "keepAll" }
  /** Be the version in use, now. */
  | { readonly type: "takeOver" };

/** Names of the caches of one installation, a cache a version; several may live on one origin, under different paths. */
export function cachePrefix(scope: string): string {
  return `disco-playground ${scope} `;
}
