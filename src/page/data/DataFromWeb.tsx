import { useState } from "react";
import { useStore } from "zustand";
import { dismissTable, lookUpTable, namesTable } from "../commands/offerTable.ts";
import { dismissTransfer, lookUp, startDownload } from "../commands/webTransfers.ts";
import { useEngine } from "../engine/EngineContext.tsx";
import { collectFromList } from "../ingest/collectFiles.ts";
import { loadOwnImages } from "../commands/loadImages.ts";
import { linkStore } from "../stores/linkStore.ts";
import { webStore } from "../stores/webStore.ts";
import { useLinkedAddress } from "../web/useLinkedAddress.ts";
import { AddressField, WebForm } from "../web/WebForm.tsx";
import { WebTransfer } from "../web/WebTransfer.tsx";
import styles from "../web/WebForm.module.css";

/** Images from the web: a zip or a table at an address, looked up, shown, and downloaded on a click. */
export function DataFromWeb({ disabled }: { readonly disabled: boolean }) {
  const engine = useEngine();
  const transfer = useStore(webStore, ({ transfers }) => transfers.data);
  const linked = useStore(linkStore, (state) => state.data);
  const { address, setAddress, isOpen, setOpen } = useLinkedAddress(linked, transfer);
  const [keep, setKeep] = useState(false);

  async function download(acceptChanged: boolean): Promise<void> {
    const [zip] = (await startDownload("data", { acceptChanged })) ?? [];
    if (zip === undefined) return;
    const { address: from, sha256 } = zip.record;
    await loadOwnImages(engine, collectFromList([zip.file]), { address: from, sha256 });
  }

  function lookUpAddress(): void {
    if (namesTable(address)) {
      dismissTransfer("data");
      void lookUpTable(address);
      return;
    }
    dismissTable();
    const sha256 = linked?.address === address.trim() ? linked.sha256 : null;
    void lookUp("data", { address: address.trim(), sha256, keep });
  }

  return (
    <WebForm use="data" isOpen={isOpen} onToggle={setOpen} onSubmit={lookUpAddress}>
      <AddressField
        use="data"
        label="Address of a zip of images, or a data set on Hugging Face: owner/name, its page, or a parquet file"
        placeholder="https:// or owner/name"
        address={address}
        onChange={setAddress}
      />
      <div className={styles.row}>
        <button
          disabled={disabled || address.trim() === "" || transfer.phase === "loading"}
          data-testid="data-look-up"
        >
          Look up
        </button>
        <label>
          <input type="checkbox" checked={keep} onChange={(event) => setKeep(event.target.checked)} />
          Keep a zip on this machine
        </label>
      </div>
      <WebTransfer
        use="data"
        transfer={transfer}
        disabled={disabled}
        onDownload={(acceptChanged) => void download(acceptChanged)}
      />
    </WebForm>
  );
}
