import type { RemoteFile } from "../../contract/download.ts";
import { visibleText } from "../../lib/visibleText.ts";
import { dismissTransfer, lookUp } from "../commands/webTransfers.ts";
import type { Transfer, WebUse } from "../stores/webStore.ts";
import { formatBytes, formatDuration } from "../widgets/formatNumbers.ts";
import { Refusal } from "../widgets/Refusal.tsx";
import styles from "./WebForm.module.css";

interface WebTransferProps {
  readonly use: WebUse;
  readonly transfer: Transfer;
  readonly disabled: boolean;
  /** Begins the download; a file that has changed is taken only when the visitor said so. */
  readonly onDownload: (acceptChanged: boolean) => void;
}

/** Where one download is: what would be loaded, from whom and how large; then how it goes, or why it does not. */
export function WebTransfer({ use, transfer, disabled, onDownload }: WebTransferProps) {
  const dismiss = (label: string) => (
    <button type="button" data-testid={`web-${use}-dismiss`} onClick={() => dismissTransfer(use)}>
      {label}
    </button>
  );
  switch (transfer.phase) {
    case "idle":
      return null;
    case "asking":
      return (
        <div className={styles.card}>
          <p role="status">Asking for the size …</p>
          <div className={styles.row}>{dismiss("Cancel")}</div>
        </div>
      );
    case "asked":
      return (
        <div className={styles.card} data-testid={`web-${use}-found`}>
          <RemoteFacts remote={transfer.remote} />
          <div className={styles.row}>
            <button
              type="button"
              className={styles.primary}
              disabled={disabled}
              data-testid={`web-${use}-download`}
              onClick={() => onDownload(false)}
            >
              {transfer.remote.cached === null ? "Download" : "Use the one on this machine"}
            </button>
            {dismiss("Cancel")}
          </div>
        </div>
      );
    case "loading":
      return (
        <div className={styles.card} data-testid={`web-${use}-loading`}>
          <Loading transfer={transfer} />
          <div className={styles.row}>{dismiss("Cancel")}</div>
        </div>
      );
    case "failed": {
      const { error, remote, wanted } = transfer;
      const hasChanged = error.code === "hash-mismatch" && wanted.sha256 === null && remote !== null;
      return (
        <>
          <Refusal error={error} testId={`web-${use}-error`} />
          <div className={styles.row}>
            <button
              type="button"
              disabled={disabled}
              data-testid={`web-${use}-again`}
              onClick={() => (remote === null ? void lookUp(use, wanted) : onDownload(false))}
            >
              Try again
            </button>
            {hasChanged ? (
              <button
                type="button"
                disabled={disabled}
                data-testid={`web-${use}-accept`}
                onClick={() => onDownload(true)}
              >
                Use the new file
              </button>
            ) : null}
            {dismiss("Close")}
          </div>
        </>
      );
    }
    case "done":
      return (
        <div className={styles.card} data-testid={`web-${use}-done`}>
          {transfer.facts.map((fact) => (
            <p key={fact}>{fact}</p>
          ))}
        </div>
      );
  }
}

function RemoteFacts({ remote }: { readonly remote: RemoteFile }) {
  const { name, host, answeredBy, bytes, sha256, cached } = remote;
  return (
    <>
      <p>
        <strong>
          <bdi>{visibleText(name)}</bdi>
        </strong>
        , {bytes === null ? "of a size that the site does not tell" : formatBytes(bytes)}, from{" "}
        <strong>{host}</strong>
        {answeredBy === host ? "" : ` (sent by ${answeredBy})`}.
        {/\/model\.json(\?|$)/i.test(remote.address)
          ? " The weight files that it names follow, from the same folder."
          : ""}
      </p>
      {cached === null ? null : (
        <p>On this machine since {new Date(cached.date).toLocaleDateString("en")}: no network is needed.</p>
      )}
      <p className={styles.muted}>
        {sha256 === null
          ? "No hash is published for it."
          : `SHA-256 ${sha256.slice(0, 16)}…, checked after the download.`}{" "}
        The site learns your network address and that this file was asked for; nothing else is sent.
      </p>
    </>
  );
}

function Loading({
  transfer: { name, progress },
}: {
  readonly transfer: Extract<Transfer, { phase: "loading" }>;
}) {
  const { bytes = 0, total = null, bytesPerSecond = 0, interruptions = 0 } = progress ?? {};
  const left = total === null || bytesPerSecond <= 0 ? null : (total - bytes) / bytesPerSecond;
  return (
    <>
      <progress
        aria-label={`Downloading ${visibleText(name)}`}
        {...(total === null || total === 0 ? {} : { value: bytes, max: total })}
      />
      <p>
        {visibleText(name)}: {formatBytes(bytes)}
        {total === null ? "" : ` of ${formatBytes(total)}`}
        {bytesPerSecond > 0 ? ` · ${formatBytes(Math.round(bytesPerSecond))}/s` : ""}
        {left === null ? "" : ` · ${formatDuration(left)} left`}
        {interruptions === 0 ? "" : ` · taken up again ${interruptions} times`}
      </p>
    </>
  );
}
