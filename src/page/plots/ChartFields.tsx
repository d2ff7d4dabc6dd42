/** What is chosen for charts, whichever they are: what x counts, how smooth curves are, and all of x again. */
import type { XUnit } from "../stores/plotStore.ts";

const units: Readonly<Record<XUnit, string>> = {
  step: "steps",
  epoch: "epochs",
  seconds: "seconds",
  images: "images",
};

interface XUnitFieldProps {
  readonly unit: XUnit;
  readonly testId: string;
  readonly onChange: (unit: XUnit) => void;
}

export function XUnitField({ unit, testId, onChange }: XUnitFieldProps) {
  return (
    <label>
      x axis
      <select value={unit} data-testid={testId} onChange={(event) => onChange(event.target.value as XUnit)}>
        {Object.entries(units).map(([name, label]) => (
          <option key={name} value={name}>
            {label}
          </option>
        ))}
      </select>
    </label>
  );
}

interface SmoothingFieldProps {
  /** Weight of the moving average; 0 = none. */
  readonly smoothing: number;
  readonly onChange: (smoothing: number) => void;
}

export function SmoothingField({ smoothing, onChange }: SmoothingFieldProps) {
  return (
    <label>
      Smoothing
      <input
        type="range"
        min={0}
        max={0.99}
        step={0.01}
        value={smoothing}
        onChange={(event) => onChange(Number(event.target.value))}
      />
      {smoothing.toFixed(2)}
    </label>
  );
}

interface ZoomFieldProps {
  readonly isZoomed: boolean;
  readonly onShowAll: () => void;
}

export function ZoomField({ isZoomed, onShowAll }: ZoomFieldProps) {
  if (!isZoomed) return <span>Drag across a chart to zoom.</span>;
  return (
    <button type="button" onClick={onShowAll}>
      Show all
    </button>
  );
}
