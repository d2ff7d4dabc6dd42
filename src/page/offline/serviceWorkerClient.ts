/** The service worker as the page sees it: keeps the site for when there is no network, and has new versions wait. */
import type { ToServiceWorker } from "../../contract/serviceWorker.ts";
import { offlineStore } from "../stores/offlineStore.ts";
import { hasServiceWorkers, registerServiceWorker } from "./isolation.ts";

const lookAgainMs = 3600_000;
/**
 * For a new version to take over from the old one, which first ends what it was asked for, by other tabs too. A page
 * reloaded before that would come back in the old version.
 */
const patienceMs = 60_000;

let registration: ServiceWorkerRegistration | null = null;

/** Begins to keep the site on this machine and to look for new versions of it. To be called when the page is at rest. */
export async function followServiceWorker(): Promise<void> {
  if (!import.meta.env.PROD || !hasServiceWorkers() || isServedFromHere()) return;
  try {
    offlineStore.setState({ state: "keeping" });
    registration = await registerServiceWorker();
    followUpdates(registration);
    const { active } = await navigator.serviceWorker.ready;
    offlineStore.setState({ state: active !== null && (await keepAll(active)) ? "kept" : "incomplete" });
  } catch {
    offlineStore.setState({ state: registration === null ? "off" : "incomplete" });
  }
}

/** `npm start` on the visitor's own machine: there is nothing to keep, and its port may be another program's tomorrow. */
function isServedFromHere(): boolean {
  const isLocal = ["localhost", "127.0.0.1", "[::1]"].includes(location.hostname);
  return isLocal && crossOriginIsolated && navigator.serviceWorker.controller === null;
}

/** @returns whether all is here. */
function keepAll(worker: ServiceWorker): Promise<boolean> {
  const { port1, port2 } = new MessageChannel();
  return new Promise((resolve) => {
    port1.onmessage = ({ data }: MessageEvent<boolean>) => resolve(data);
    say(worker, { type: "keepAll" }, [port2]);
  });
}

function followUpdates(followed: ServiceWorkerRegistration): void {
  const look = (): void => offlineStore.setState({ updateWaits: followed.waiting !== null });
  followed.addEventListener("updatefound", () => followed.installing?.addEventListener("statechange", look));
  navigator.serviceWorker.addEventListener("controllerchange", look);
  look();
  const askHost = (): void => void followed.update().catch(() => undefined); // offline, most likely
  setInterval(askHost, lookAgainMs);
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") askHost();
  });
}

/** Takes the new version that waits, and reloads this page in it. Other tabs go on with their old one. */
export async function takeUpdate(): Promise<void> {
  const waiting = registration?.waiting ?? null;
  if (waiting !== null) await takeOver(waiting);
  location.reload();
}

/**
 * Resolves when the new version has taken over *whole*. It controls the page earlier (`controllerchange`), and a page
 * reloaded then has its request wait for a worker that, in its turn, may be looking at the pages.
 */
function takeOver(waiting: ServiceWorker): Promise<void> {
  return new Promise((resolve) => {
    waiting.addEventListener("statechange", () => {
      if (waiting.state === "activated" || waiting.state === "redundant") resolve();
    });
    setTimeout(resolve, patienceMs);
    say(waiting, { type: "takeOver" });
  });
}

function say(worker: ServiceWorker, message: ToServiceWorker, transfer: Transferable[] = []): void {
  worker.postMessage(message, transfer);
}
