import { ablationIsGoing, ablationStore } from "../stores/ablationStore.ts";
import { notify, withdrawNotices } from "../stores/noticeStore.ts";
import { offlineStore } from "../stores/offlineStore.ts";
import { runIsBusy, runStore } from "../stores/runStore.ts";

/** Offers a new version of the site that waits, whenever nothing is going; never takes it by itself. */
export function offerUpdates(): void {
  let isOffered = false;
  const look = (): void => {
    const isToOffer = offlineStore.getState().updateWaits && !runIsBusy() && !ablationIsGoing();
    if (isToOffer === isOffered) return;
    isOffered = isToOffer;
    if (isToOffer)
      notify("info", "A new version of this page is here.", {
        hint: "Runs and students of this visit, and pictures of your own, go with the old one: save what you want to keep.",
        cause: "update",
        action: "takeUpdate",
      });
    else withdrawNotices("update");
  };
  offlineStore.subscribe(look);
  runStore.subscribe(look);
  ablationStore.subscribe(look);
  look();
}
