import { useEffect } from "react";
import { useStore } from "zustand";
import { teacherPresets, type TeacherPreset } from "../../contract/teacherPresets.ts";
import { downloadTeacher } from "../commands/lookUpTeacher.ts";
import { deleteKept, lookUp, refreshKept } from "../commands/webTransfers.ts";
import { useEngine } from "../engine/EngineContext.tsx";
import { linkStore } from "../stores/linkStore.ts";
import { webStore } from "../stores/webStore.ts";
import { FactList } from "../widgets/FactList.tsx";
import { formatBytes } from "../widgets/formatNumbers.ts";
import { useLinkedAddress } from "../web/useLinkedAddress.ts";
import { AddressField, WebForm } from "../web/WebForm.tsx";
import { WebTransfer } from "../web/WebTransfer.tsx";
import styles from "../web/WebForm.module.css";
import { goodTeachers } from "./goodTeachers.ts";

/** A teacher from a public hub, or from any address: looked up, shown, and downloaded on a click. */
export function TeacherFromWeb({ disabled }: { readonly disabled: boolean }) {
  const engine = useEngine();
  const transfer = useStore(webStore, ({ transfers }) => transfers.teacher);
  const linked = useStore(linkStore, (state) => state.teacher);
  const { address, setAddress, isOpen, setOpen } = useLinkedAddress(linked, transfer);
  const preset = teacherPresets.find((candidate) => candidate.address === address.trim());
  const sha256 = preset?.sha256 ?? (linked?.address === address.trim() ? linked.sha256 : null);

  // A card above tells of its own download.
  const isOnCard =
    "wanted" in transfer &&
    transfer.phase !== "done" &&
    goodTeachers.some((good) => good.preset.address === transfer.wanted.address);

  function lookUpAddress(): void {
    void lookUp("teacher", { address: address.trim(), sha256, keep: true, recipe: preset?.recipe });
  }

  return (
    <WebForm use="teacher" isOpen={isOpen} onToggle={setOpen} onSubmit={lookUpAddress}>
      <label className={styles.field}>
        Published teachers
        <select
          value={preset?.id ?? ""}
          data-testid="teacher-preset"
          onChange={(event) =>
            setAddress(teacherPresets.find(({ id }) => id === event.target.value)?.address ?? "")
          }
        >
          <option value="">Another address</option>
          {teacherPresets.map(({ id, title, roughBytes }) => (
            <option key={id} value={id}>
              {title}
              {roughBytes === null ? "" : `, ${formatBytes(roughBytes)}`}
            </option>
          ))}
        </select>
      </label>
      <AddressField
        use="teacher"
        label="Address of a checkpoint, or of a model.json"
        placeholder="https://"
        address={address}
        onChange={setAddress}
      />
      {preset === undefined ? null : <FactList facts={factsOfPreset(preset)} testId="preset-facts" />}
      <div className={styles.row}>
        <button
          disabled={disabled || address.trim() === "" || transfer.phase === "loading"}
          data-testid="teacher-look-up"
        >
          Look up size
        </button>
        <span className={styles.muted}>Nothing is downloaded before you say so.</span>
      </div>
      <WebTransfer
        use="teacher"
        transfer={isOnCard ? { phase: "idle" } : transfer}
        disabled={disabled}
        onDownload={(acceptChanged) => void downloadTeacher(engine, acceptChanged)}
      />
      <KeptFiles onUse={setAddress} />
    </WebForm>
  );
}

function factsOfPreset(preset: TeacherPreset) {
  return [
    { term: "Network", text: preset.architecture },
    { term: "Embedding", text: preset.embedding },
    { term: "Input", text: `${preset.inputSize} px` },
    { term: "Licence", text: preset.licence },
    { term: "Paper", text: preset.citation },
  ];
}

/** What was downloaded before and lies on this machine. */
function KeptFiles({ onUse }: { readonly onUse: (address: string) => void }) {
  const kept = useStore(webStore, (state) => state.kept);
  useEffect(() => {
    if (webStore.getState().kept === null) void refreshKept();
  }, []);
  if (kept === null || kept.length === 0) return null;
  return (
    <section data-testid="kept-files">
      <h3>On this machine</h3>
      <ul className={styles.kept}>
        {kept.map(({ address, name, bytes, place }) => (
          <li key={address}>
            <span>
              {nameOfKept(address, name)}{" "}
              <span className={styles.muted}>
                {formatBytes(bytes)}
                {place === "memory" ? ", until the page is closed" : ""}
              </span>
            </span>
            <button type="button" onClick={() => onUse(address)} aria-label={`Choose ${name}`}>
              Choose
            </button>
            <button type="button" onClick={() => void deleteKept(address)} aria-label={`Delete ${name}`}>
              Delete
            </button>
          </li>
        ))}
      </ul>
      <button type="button" onClick={() => void deleteKept(null)} data-testid="kept-delete-all">
        Delete all
      </button>
    </section>
  );
}

/** Hubs call every file model.safetensors; the preset's title, or the folder, tells them apart. */
function nameOfKept(address: string, name: string): string {
  const preset = teacherPresets.find((candidate) => candidate.address === address);
  return preset?.title ?? `${name}, ${new URL(address).host}`;
}
