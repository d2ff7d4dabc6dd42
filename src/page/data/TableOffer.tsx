import { useStore } from "zustand";
import { visibleText } from "../../lib/visibleText.ts";
import type { ParquetOffer } from "../../contract/parquet.ts";
import { mostTableImages } from "../../contract/tableAddress.ts";
import { changeTableChoice, chooseSplit, dismissTable } from "../commands/offerTable.ts";
import { useEngine } from "../engine/EngineContext.tsx";
import { loadTable } from "../commands/loadImages.ts";
import { tableStore, type TableState } from "../stores/tableStore.ts";
import { formatBytes } from "../widgets/formatNumbers.ts";
import { Refusal } from "../widgets/Refusal.tsx";
import styles from "../web/WebForm.module.css";

const noLabels = "(none)";

/** What is in a data set or a parquet file, and what of it is to be loaded. */
export function TableOffer({ disabled }: { readonly disabled: boolean }) {
  const table = useStore(tableStore, (state) => state.table);
  switch (table.phase) {
    case "idle":
      return null;
    case "asking":
      return (
        <div className={styles.card}>
          <p role="status">Looking into {visibleText(table.name)} …</p>
          <Dismiss label="Cancel" />
        </div>
      );
    case "failed":
      return (
        <>
          <Refusal error={table.error} testId="table-error" />
          <Dismiss label="Dismiss" />
        </>
      );
    case "offered":
      return <Offered table={table} disabled={disabled} />;
  }
}

function Dismiss({ label }: { readonly label: string }) {
  return (
    <div className={styles.row}>
      <button type="button" data-testid="table-dismiss" onClick={dismissTable}>
        {label}
      </button>
    </div>
  );
}

interface OfferedProps {
  readonly table: Extract<TableState, { phase: "offered" }>;
  readonly disabled: boolean;
}

function Offered({ table, disabled }: OfferedProps) {
  const engine = useEngine();
  const { name, host, splits, split, offer, choice, most, notes } = table;
  return (
    <div className={styles.card} data-testid="table-offer">
      <p>
        <strong>{visibleText(name)}</strong>
        {host === null ? "" : ` from ${host}`}
      </p>
      {splits.length < 2 ? null : (
        <label className={styles.field}>
          Part of the data set
          <select
            value={split}
            disabled={disabled}
            data-testid="table-split"
            onChange={(event) => void chooseSplit(Number(event.target.value))}
          >
            {splits.map((one, i) => (
              <option key={one.name} value={i}>
                {visibleText(one.name)}, {formatBytes(one.bytes)}
              </option>
            ))}
          </select>
        </label>
      )}
      {offer === null || choice === null ? (
        <p role="status">Looking into its files …</p>
      ) : (
        <>
          <p className={styles.muted} data-testid="table-facts">
            {factsOf(offer, host !== null, most)}
          </p>
          {offer.imageColumns.length < 2 ? null : (
            <label className={styles.field}>
              Column of images
              <select
                value={choice.imageColumn}
                disabled={disabled}
                data-testid="table-image-column"
                onChange={(event) => changeTableChoice({ imageColumn: event.target.value })}
              >
                {offer.imageColumns.map((column) => (
                  <option key={column} value={column}>
                    {shownColumn(column)}
                  </option>
                ))}
              </select>
            </label>
          )}
          <label className={styles.field}>
            Column of labels, for evaluation only
            <select
              value={choice.labelColumn ?? noLabels}
              disabled={disabled}
              data-testid="table-label-column"
              onChange={({ target }) =>
                changeTableChoice({ labelColumn: target.value === noLabels ? null : target.value })
              }
            >
              <option>{noLabels}</option>
              {offer.labelColumns.map((column) => (
                <option key={column.name} value={column.name}>
                  {shownColumn(column.name)}
                  {column.classes === null ? "" : `, ${column.classes} classes`}
                </option>
              ))}
            </select>
          </label>
          <label className={styles.field}>
            Images, at most
            <input
              type="number"
              min={1}
              max={mostTableImages}
              step={1}
              required
              disabled={disabled}
              value={most}
              data-testid="table-most"
              onChange={({ target }) => {
                if (target.value !== "") changeTableChoice({ most: target.valueAsNumber });
              }}
            />
          </label>
        </>
      )}
      {notes.map((note) => (
        <p key={note} className={styles.muted}>
          {note}
        </p>
      ))}
      <div className={styles.row}>
        <button
          type="button"
          className={styles.primary}
          disabled={disabled || offer === null}
          data-testid="table-load"
          onClick={() => void loadTable(engine)}
        >
          Load images
        </button>
        <button type="button" data-testid="table-dismiss" onClick={dismissTable}>
          Cancel
        </button>
      </div>
    </div>
  );
}

function shownColumn(name: string): string {
  return visibleText(name.length > 80 ? `${name.slice(0, 80)}…` : name);
}

function factsOf({ rows, files, bytes }: ParquetOffer, isRemote: boolean, most: number): string {
  const size = `${rows.toLocaleString("en")} rows in ${files === 1 ? "one file" : `${files} files`}, ${formatBytes(bytes)}.`;
  if (most >= rows) return `${size} All are loaded${isRemote ? ", and downloaded for that" : ""}.`;
  const share = formatBytes((bytes * most) / Math.max(1, rows));
  const cost = isRemote ? `, for which some ${share} or more are downloaded` : "";
  return `${size} Taken are ${most.toLocaleString("en")}${cost}: always the same, from places spread evenly over the files.`;
}
