/** Cross-origin isolation, by which WebAssembly gets its threads, on hosts that do not send the headers for it. */
import { serviceWorkerFile } from "../../contract/serviceWorker.ts";

/** In the tab's storage: that this tab was reloaded once already. */
const reloadedKey = "reloadedForIsolation";
/** For fetching and starting the service worker; the page does not wait for it longer. */
const patienceMs = 4000;

/**
 * Has the service worker send what the host does not, and reloads the page under it: once, and before anything has begun.
 * Where the page is isolated already, or cannot be, nothing happens.
 *
 * @returns whether the page is about to be reloaded.
 */
export async function reloadIsolated(): Promise<boolean> {
  try {
    if (crossOriginIsolated) {
      sessionStorage.removeItem(reloadedKey);
      return false;
    }
    if (!import.meta.env.PROD || whyNotIsolated() !== "" || sessionStorage.getItem(reloadedKey) !== null)
      return false;
    const isActive = await Promise.race([activated(await registerServiceWorker()), wait(patienceMs)]);
    if (!isActive) return false;
    // Without a note of it this might go round and round: where none can be kept, an exception ends it here.
    sessionStorage.setItem(reloadedKey, "yes");
    location.reload();
    return true;
  } catch {
    return false; // it works without, on one thread
  }
}

/** Why no service worker of ours can isolate this page; empty where one can. */
export function whyNotIsolated(): string {
  if (!isSecureContext) return "It is not served by https, which browsers ask for.";
  if (window.top !== window)
    return "It is shown in a frame of another page, which would have to be isolated itself.";
  if (!hasServiceWorkers()) return "This window allows no service workers, as private windows often do.";
  return "";
}

export function hasServiceWorkers(): boolean {
  return isSecureContext && "serviceWorker" in navigator;
}

/** @throws DOMException, TypeError when the browser refuses, or it cannot be fetched. */
export function registerServiceWorker(): Promise<ServiceWorkerRegistration> {
  const address = new URL(`./${serviceWorkerFile}`, document.baseURI);
  // Whether there is a new version is asked of the host, never of a cache.
  return navigator.serviceWorker.register(address, { updateViaCache: "none" });
}

/** @returns false when it came to nothing. */
async function activated({ active, waiting, installing }: ServiceWorkerRegistration): Promise<boolean> {
  const worker = active ?? waiting ?? installing;
  if (worker === null) return false;
  return new Promise((resolve) => {
    const look = (): void => {
      if (worker.state === "activated") resolve(true);
      else if (worker.state === "redundant") resolve(false);
    };
    worker.addEventListener("statechange", look);
    look();
  });
}

function wait(ms: number): Promise<false> {
  return new Promise((resolve) => setTimeout(() => resolve(false), ms));
}
