import { forgetEmbeddings, forgetSite } from "../offline/keptBytes.ts";
import { notifyError } from "../stores/noticeStore.ts";
import { offlineStore } from "../stores/offlineStore.ts";
import { deleteKept } from "./webTransfers.ts";

/** Deletes whatever the site keeps in this browser, but for runs, which have a list, and the choice of colours. */
export async function forgetEverything(): Promise<void> {
  try {
    await deleteKept(null);
    await forgetEmbeddings();
    await forgetSite();
    offlineStore.setState({ state: "off" });
  } catch (error) {
    notifyError(error);
  }
}
