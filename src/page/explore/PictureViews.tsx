import { useMemo, useState } from "react";
import { useStore } from "zustand";
import { visibleText } from "../../lib/visibleText.ts";
import { lookAtView } from "../commands/lookAround.ts";
import { toRgb } from "../commands/lookAtViews.ts";
import { useEngine } from "../engine/EngineContext.tsx";
import { configStore } from "../stores/configStore.ts";
import { hasTeacher } from "../stores/runStore.ts";
import { sightStore } from "../stores/sightStore.ts";
import { Picture } from "../widgets/Picture.tsx";
import styles from "./PictureViews.module.css";
import { useLookedAtViews } from "./useLookedAtViews.ts";

/** Larger ones are drawn smooth. */
const mostPixelated = 64;

/**
 * The picture that is looked at as the networks see it: whole, and two random views by the present settings. Each can be
 * asked about in the picture's place.
 */
export function PictureViews() {
  const engine = useEngine();
  const config = useStore(configStore, (state) => state.config);
  const { index, given, view: chosen } = useStore(sightStore);
  const [draw, setDraw] = useState(0);
  const looked = useMemo(
    () => (given === null ? { index, wholeSide: config.imageSize } : { given }),
    [given, index, config.imageSize],
  );
  const seen = useLookedAtViews(looked, draw);

  const name = visibleText(seen?.name ?? "");
  const look = (number: 1 | 2): void => {
    const rgba = seen?.views[number - 1];
    if (seen === null || rgba === undefined) return;
    lookAtView(engine, { name: viewName(number, seen.name), side: seen.side, rgb: toRgb(rgba) });
  };
  const again = (): void => {
    if (chosen !== null) lookAtView(engine, null);
    setDraw(draw + 1);
  };
  const taught = hasTeacher(config) && config.teacher !== "none";
  return (
    <div
      className={styles.views}
      role="group"
      aria-label="As the networks see it"
      data-testid="picture-views"
    >
      <p className={styles.lead}>
        In training the student never sees the picture as it is, but random views of it, {config.imageSize} px
        wide
        {taught && config.teacherViews === "plain" ? "; the teacher sees it whole" : ""}. Choose one to find
        what the networks think is most like it.
      </p>
      <div className={styles.row}>
        <Seen
          caption="whole"
          name={name}
          rgba={seen?.whole}
          side={seen?.wholeSide ?? 1}
          pressed={chosen === null}
          onPick={() => lookAtView(engine, null)}
        />
        {([1, 2] as const).map((number) => (
          <Seen
            key={number}
            caption={`view ${number}`}
            name={name}
            rgba={seen?.views[number - 1]}
            side={seen?.side ?? 1}
            pressed={seen !== null && chosen?.name === viewName(number, seen.name)}
            onPick={() => look(number)}
          />
        ))}
        <button type="button" onClick={again}>
          Draw others
        </button>
      </div>
    </div>
  );
}

function viewName(number: 1 | 2, name: string): string {
  return `view ${number} of ${name}`;
}

interface SeenProps {
  readonly caption: string;
  /** Of the picture. */
  readonly name: string;
  readonly rgba: Uint8ClampedArray<ArrayBuffer> | undefined;
  readonly side: number;
  readonly pressed: boolean;
  readonly onPick: () => void;
}

function Seen({ caption, name, rgba, side, pressed, onPick }: SeenProps) {
  return (
    <button
      type="button"
      className={styles.seen}
      aria-pressed={pressed}
      aria-label={`${caption} of ${name}`}
      disabled={rgba === undefined}
      onClick={onPick}
    >
      <Picture
        rgba={rgba ?? null}
        side={side}
        className={side <= mostPixelated ? styles.pixels : undefined}
      />
      <span>{caption}</span>
    </button>
  );
}
