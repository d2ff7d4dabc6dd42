import { runDash } from "../plots/plotTheme.ts";

interface RunSampleProps {
  /** The place of its colour. */
  readonly slot: number;
  /** Thick and without dashes, as the mean of a group is drawn. */
  readonly thick?: boolean;
}

/** A short piece of a run's line, dashes included. */
export function RunSample({ slot, thick = false }: RunSampleProps) {
  return (
    <svg width="22" height="8" aria-hidden="true">
      <line
        x1="0"
        y1="4"
        x2="22"
        y2="4"
        strokeWidth={thick ? 4 : 2}
        strokeDasharray={thick ? "" : (runDash[slot] ?? []).join(" ")}
        style={{ stroke: `var(--run-${slot + 1})` }}
      />
    </svg>
  );
}
