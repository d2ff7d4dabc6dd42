import {
  ArrowDownToLine,
  Contrast,
  Ellipsis,
  Footprints,
  Link2,
  Moon,
  Pause,
  Play,
  SlidersHorizontal,
  Square,
  StepForward,
  Sun,
  X,
} from "lucide-react";

const icons = {
  play: Play,
  pause: Pause,
  step: StepForward,
  slow: Footprints,
  stop: Square,
  settings: SlidersHorizontal,
  download: ArrowDownToLine,
  link: Link2,
  close: X,
  sun: Sun,
  moon: Moon,
  contrast: Contrast,
  more: Ellipsis,
} as const;

export type IconName = keyof typeof icons;

/** A small picture beside a word, or on a button that has a label of its own. */
export function Icon({ name }: { readonly name: IconName }) {
  const Shape = icons[name];
  return <Shape size={16} aria-hidden="true" focusable="false" />;
}
