import { lazy, Suspense, useEffect, useRef, type KeyboardEvent, type ReactNode } from "react";
import { useStore } from "zustand";
import { PageDrop } from "../data/PageDrop.tsx";
import { teacherStore } from "../stores/teacherStore.ts";
import { TeacherInput } from "../teacher/TeacherInput.tsx";
import { Icon } from "../widgets/Icon.tsx";
import styles from "./StationPanel.module.css";
import { stationTitles } from "./stationSettings.ts";
import { openStation, stationStore, type Station } from "../stores/stationStore.ts";

const loadContents = () => import("./StationContents.tsx");
const StationContents = lazy(async () => ({ default: (await loadContents()).StationContents }));
const TeacherOffer = lazy(async () => ({
  default: (await import("../teacher/TeacherOffer.tsx")).TeacherOffer,
}));

/**
 * The settings of the station that is open, at the side; nothing while none is. What comes in from outside, files
 * dropped or chosen, is taken whether or not it is open.
 */
export function StationPanel(): ReactNode {
  const open = useStore(stationStore, (state) => state.open);
  const isOffered = useStore(teacherStore, (state) => state.offer !== null);
  // What the panel holds is fetched when the page has nothing better to do, so that a first click need not wait.
  useEffect(() => {
    const timer = setTimeout(() => void loadContents().catch(() => undefined), 3000);
    return () => clearTimeout(timer);
  }, []);
  return (
    <>
      <PageDrop />
      <TeacherInput />
      {isOffered ? (
        <Suspense>
          <TeacherOffer />
        </Suspense>
      ) : null}
      {open === null ? null : <Side station={open} />}
    </>
  );
}

function Side({ station }: { readonly station: Station }) {
  const panel = useRef<HTMLElement>(null);
  const heading = useRef<HTMLHeadingElement>(null);

  const opener = useRef<Element | null>(null);

  // The keyboard goes in, and on closing back to where it came from, unless it has gone elsewhere meanwhile.
  useEffect(() => {
    const { activeElement } = document;
    if (panel.current?.contains(activeElement) === true) return;
    opener.current = activeElement;
    heading.current?.focus({ preventScroll: true });
  }, [station]);
  useEffect(() => {
    const element = panel.current;
    return () => {
      const { activeElement } = document;
      const isElsewhere = activeElement !== null && activeElement !== document.body;
      if (isElsewhere && element?.contains(activeElement) !== true) return;
      const back = opener.current;
      if (back instanceof HTMLElement && back.isConnected) back.focus({ preventScroll: true });
    };
  }, []);

  useEffect(() => {
    const onKey = (event: globalThis.KeyboardEvent): void => {
      if (event.key !== "Escape" || event.defaultPrevented) return;
      if (document.querySelector("dialog[open]") !== null) return;
      openStation(null);
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, []);

  const title = stationTitles[station];
  return (
    <section
      ref={panel}
      className={styles.panel}
      aria-labelledby="station-title"
      data-testid="station-panel"
      data-station={station}
      onKeyDown={keepInSheet}
    >
      <header className={styles.head}>
        <h2 id="station-title" ref={heading} tabIndex={-1}>
          {title}
        </h2>
        <button
          type="button"
          className={styles.close}
          aria-label={`Close ${title}`}
          data-testid="station-close"
          onClick={() => openStation(null)}
        >
          <Icon name="close" />
        </button>
      </header>
      <Suspense fallback={<p className={styles.waiting}>One moment …</p>}>
        <StationContents station={station} />
      </Suspense>
    </section>
  );
}

/** Where the panel covers the whole screen, Tab does not leave it for what lies below. */
function keepInSheet(event: KeyboardEvent<HTMLElement>): void {
  if (event.key !== "Tab" || matchMedia("(min-width: 960px)").matches) return;
  const stops = [
    ...event.currentTarget.querySelectorAll<HTMLElement>(
      "a[href], button, input, select, summary, [tabindex]",
    ),
  ].filter((element) => element.tabIndex >= 0 && !element.matches(":disabled") && element.checkVisibility());
  const [first, last] = [stops[0], stops.at(-1)];
  const { activeElement } = document;
  if (
    event.shiftKey ? activeElement === first || activeElement?.id === "station-title" : activeElement === last
  ) {
    event.preventDefault();
    (event.shiftKey ? last : first)?.focus();
  }
}
