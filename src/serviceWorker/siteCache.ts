import { cachePrefix } from "../contract/serviceWorker.ts";
import { hex, sha256 } from "../lib/sha256.ts";
import type { Site, SiteFile } from "./siteFiles.ts";

const pagePath = "index.html";
/** Fetched at a time while the page may be at work. */
const fetchedAtOnce = 4;

/**
 * The files of one version of the site, kept by what they contain: nothing of another version gets in, whatever a host or
 * a cache on the way answers.
 */
export class SiteCache {
  readonly #site: Site;
  readonly #scope: string;
  readonly #files: ReadonlyMap<string, SiteFile>;
  readonly #name: string;

  /** @param scope the address below which the site lies, with a slash at its end. */
  constructor(site: Site, scope: string) {
    this.#site = site;
    this.#scope = scope;
    this.#files = new Map(site.files.map((file) => [this.#addressOf(file.path), file]));
    this.#name = `${cachePrefix(scope)}${site.version}`;
  }

  /**
   * From here if it is kept, else from the network, and then kept.
   *
   * @param keeping is handed what is still going on when the answer is there.
   * @throws TypeError when it is not here and there is no network.
   */
  async answer(request: Request, keeping: (task: Promise<unknown>) => void): Promise<Response> {
    const address = this.#plainAddress(request.url);
    const file = this.#files.get(address);
    const kept = file === undefined ? await this.#inOtherVersions(address) : await this.#match(address);
    if (kept !== undefined) return kept;
    const response = await fetch(request);
    if (file === undefined || !response.ok || response.type !== "basic") return response;
    // Read whole first: of a cloned body's halves the slower would hold up the other.
    const whole = await wholeOf(response);
    keeping(this.#keep(file, whole).catch(() => false)); // no room; there is the network
    return whole.toResponse();
  }

  /**
   * Fetches what is missing, but for what is kept on use only. What another version has of it is copied.
   *
   * @throws Error when a file cannot be had as this version has it: the host is offline, or in the middle of an update.
   */
  async keepAll(): Promise<void> {
    const waiting = this.#site.files.filter(({ onUse }) => !onUse);
    const work = async (): Promise<void> => {
      for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) await this.#fetch(file);
    };
    await Promise.all(Array.from({ length: fetchedAtOnce }, work));
  }

  /** Deletes the versions that no page uses any more. */
  async forgetOthers(): Promise<void> {
    await Promise.all((await this.#otherVersions()).map((name) => caches.delete(name)));
  }

  async #fetch(file: SiteFile): Promise<void> {
    const address = this.#addressOf(file.path);
    if ((await this.#match(address)) !== undefined) return;
    const earlier = await this.#inOtherVersions(address);
    if (earlier !== undefined && (await this.#keep(file, await wholeOf(earlier)))) return;
    // Past the browser's cache, which may have it from the version before.
    const response = await fetch(address, { cache: "no-cache" });
    if (response.ok && (await this.#keep(file, await wholeOf(response)))) return;
    throw new Error(`${file.path} is not there as version ${this.#site.version} has it (${response.status})`);
  }

  /** @returns whether it is the file of this version. Where there is no room it is, and is not kept. */
  async #keep(file: SiteFile, whole: WholeResponse): Promise<boolean> {
    if (!(await this.#isOfThisVersion(file, whole.bytes))) return false;
    try {
      const cache = await caches.open(this.#name);
      await cache.put(this.#addressOf(file.path), whole.toResponse());
    } catch (error) {
      if (!(error instanceof DOMException && error.name === "QuotaExceededError")) throw error;
    }
    return true;
  }

  /** Some hosts add a script of theirs to pages, so a page is known by the program it names. */
  async #isOfThisVersion(file: SiteFile, bytes: ArrayBuffer): Promise<boolean> {
    if (file.path === pagePath) return new TextDecoder().decode(bytes).includes(this.#site.entry);
    return file.sha256 === hex(await sha256(new Uint8Array(bytes)));
  }

  async #match(address: string): Promise<Response | undefined> {
    return caches.match(address, { cacheName: this.#name });
  }

  /** For tabs that were opened before an update: the host has their programs no more. */
  async #inOtherVersions(address: string): Promise<Response | undefined> {
    for (const name of await this.#otherVersions()) {
      const found = await caches.match(address, { cacheName: name });
      if (found !== undefined) return found;
    }
    return undefined;
  }

  async #otherVersions(): Promise<readonly string[]> {
    const prefix = cachePrefix(this.#scope);
    return (await caches.keys()).filter((name) => name.startsWith(prefix) && name !== this.#name);
  }

  #addressOf(path: string): string {
    return new URL(path, this.#scope).href;
  }

  /** Without question and fragment, which no file depends on; the page by its name. */
  #plainAddress(address: string): string {
    const { origin, pathname } = new URL(address);
    const plain = `${origin}${pathname}`;
    return plain === this.#scope ? this.#addressOf(pagePath) : plain;
  }
}

interface WholeResponse {
  readonly bytes: ArrayBuffer;
  toResponse(): Response;
}

async function wholeOf(response: Response): Promise<WholeResponse> {
  const bytes = await response.arrayBuffer();
  const headers = new Headers(response.headers);
  headers.delete("Content-Encoding");
  headers.set("Content-Length", String(bytes.byteLength));
  return { bytes, toResponse: () => new Response(bytes, { headers }) };
}
