/** The files of this version of the site; written into the program when it is built (`tools/serviceWorkerPlugin.ts`). */
export interface SiteFile {
  /** Beside the service worker: "assets/entry-fcUhMQSN.js". */
  readonly path: string;
  /** SHA-256, in hex. */
  readonly sha256: string;
  readonly bytes: number;
  /** Kept only when it is asked for: runtimes of some ten megabytes that few visitors need. */
  readonly onUse: boolean;
}

export interface Site {
  /** A hash over all files. */
  readonly version: string;
  /** The first script of the page, which names all others by hashes of what they contain. */
  readonly entry: string;
  readonly files: readonly SiteFile[];
}

declare const __SITE__: Site;

export const site: Site = __SITE__;
