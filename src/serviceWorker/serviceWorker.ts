/**
 * The one service worker. It adds the headers that a plain static host does not send, keeps the site for when there is no
 * network, and holds a new version ready until the visitor takes it. Requests to other sites, and to other paths of this
 * one, it leaves alone.
 */
import type { ToServiceWorker } from "../contract/serviceWorker.ts";
import { SiteCache } from "./siteCache.ts";
import { site } from "./siteFiles.ts";
import { withPolicies } from "./withPolicies.ts";

declare const self: ServiceWorkerGlobalScope;

const { scope } = self.registration;
const cache = new SiteCache(site, scope);

self.addEventListener("install", (event) => {
  // The first one is wanted at once, since the page waits for it; what comes later is wanted whole.
  if (self.registration.active !== null) event.waitUntil(cache.keepAll());
});

self.addEventListener("activate", (event) => {
  // Nothing else: requests wait meanwhile. Old versions go when the first page of this one has all of it kept.
  event.waitUntil(self.clients.claim());
});

self.addEventListener("message", (event) => {
  const message = event.data as ToServiceWorker;
  if (message.type === "takeOver") event.waitUntil(self.skipWaiting());
  else event.waitUntil(keepAll(event));
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  if (!isOurs(request)) return;
  event.respondWith(
    cache
      .answer(request, (task) => event.waitUntil(task))
      .then((response) => withPolicies(response, new URL(request.url))),
  );
});

function isOurs({ url, method, headers, cache: mode }: Request): boolean {
  // The last is what Chromium's developer tools ask with; no worker can answer that.
  return url.startsWith(scope) && method === "GET" && !headers.has("Range") && mode !== "only-if-cached";
}

async function keepAll({ source, ports }: ExtendableMessageEvent): Promise<void> {
  const kept = await cache.keepAll().then(
    () => true,
    () => false, // offline, or the host is being updated: another time
  );
  if (kept && source instanceof Client) await forgetUnused(source);
  ports[0]?.postMessage(kept);
}

/** Versions before this one go when no page but `except`, which is of this one, is open: each needs its own programs. */
async function forgetUnused(except: Client): Promise<void> {
  const windows = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
  if (windows.every(({ id, url }) => id === except.id || !url.startsWith(scope))) await cache.forgetOthers();
}
