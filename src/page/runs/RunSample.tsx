import { LineSample } from "../plots/LineSample.tsx";
import { runDash } from "../plots/plotTheme.ts";

interface RunSampleProps {
  /** The place of its colour. */
  readonly slot: number;
  /** Thick and without dashes, as the mean of a group is drawn. */
  readonly thick?: boolean;
}

/** A short piece of a run's line, dashes included. */
export function RunSample({ slot, thick = false }: RunSampleProps) {
  const stroke = `var(--run-${slot + 1})`;
  return thick ? (
    <LineSample stroke={stroke} dash={[]} width={4} />
  ) : (
    <LineSample stroke={stroke} dash={runDash[slot] ?? []} />
  );
}
