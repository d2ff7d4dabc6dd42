import { useStore } from "zustand";
import { exportPartNames, exportParts, type ExportPart } from "../../contract/studentExport.ts";
import { exportStore } from "../stores/exportStore.ts";
import styles from "./TakeAway.module.css";

/** What goes into the zip. */
export function ExportFormats() {
  const parts = useStore(exportStore, (state) => state.parts);
  const withHead = useStore(exportStore, (state) => state.withHead);
  const toggle = (part: ExportPart): void => {
    const chosen = exportPartNames.filter((name) => parts.includes(name) !== (name === part));
    exportStore.setState({ parts: chosen });
  };
  return (
    <fieldset className={styles.formats}>
      <legend>What goes in</legend>
      {exportPartNames.map((part) => (
        <label key={part} className={styles.check}>
          <input
            type="checkbox"
            data-testid={`export-part-${part}`}
            checked={parts.includes(part)}
            onChange={() => toggle(part)}
          />
          {exportParts[part]}
        </label>
      ))}
      <label className={styles.check}>
        <input
          type="checkbox"
          data-testid="export-head"
          checked={withHead}
          onChange={(event) => exportStore.setState({ withHead: event.target.checked })}
        />
        with head
      </label>
    </fieldset>
  );
}
