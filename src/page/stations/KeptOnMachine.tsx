import { useEffect, useState } from "react";
import { useStore } from "zustand";
import { forgetEverything } from "../commands/keptOnMachine.ts";
import { keptBytes, type KeptBytes } from "../offline/keptBytes.ts";
import { offlineStore } from "../stores/offlineStore.ts";
import { formatBytes } from "../widgets/formatNumbers.ts";
import styles from "./MachineStation.module.css";

const offlineWords = {
  off: "This page needs the network to open.",
  keeping: "This page is being kept on this machine, to open without a network.",
  kept: "This page opens without a network.",
  incomplete:
    "This page could not be kept whole, so it needs the network to open; the next visit tries again.",
} as const;

/** What the site keeps in this browser, and a button to be rid of it. */
export function KeptOnMachine() {
  const offline = useStore(offlineStore, ({ state }) => state);
  const [kept, setKept] = useState<KeptBytes | null>(null);
  const [isWorking, setWorking] = useState(false);
  useEffect(() => {
    if (isWorking) return undefined;
    let isCurrent = true;
    void keptBytes().then((bytes) => {
      if (isCurrent) setKept(bytes);
    });
    return () => {
      isCurrent = false;
    };
  }, [offline, isWorking]);
  const forget = async (): Promise<void> => {
    setWorking(true);
    await forgetEverything();
    setWorking(false);
  };
  return (
    <div className={styles.row}>
      <p className={styles.small} data-testid="kept-on-machine">
        {offlineWords[offline]}{" "}
        {kept === null
          ? null
          : `Kept in this browser: ${formatBytes(kept.site)} of the page, ${formatBytes(kept.files)} of downloads and teachers’ embeddings${
              kept.quota === null ? "" : `, of ${formatBytes(kept.quota)} that it allows`
            }.`}
      </p>
      <button
        type="button"
        data-testid="forget-everything"
        disabled={isWorking || kept === null || kept.site + kept.files === 0}
        onClick={() => void forget()}
      >
        Delete what is kept
      </button>
    </div>
  );
}
