import { useId, useRef, type ReactNode, type ToggleEvent } from "react";
import { Icon } from "../widgets/Icon.tsx";
import styles from "./RunMenu.module.css";

/** Room that a menu is given below its button; with less it opens upwards. In CSS pixels. */
const roomBelow = 240;

interface RunMenuProps {
  /** What a screen reader calls the button. */
  readonly label: string;
  /** Buttons; a click on any of them closes the menu. */
  readonly children: ReactNode;
}

/** A button that opens a short list of further ones. The browser closes it on Escape and on a click elsewhere. */
export function RunMenu({ label, children }: RunMenuProps) {
  const id = useId();
  const button = useRef<HTMLButtonElement>(null);
  const list = useRef<HTMLDivElement>(null);
  const place = ({ newState }: ToggleEvent<HTMLDivElement>): void => {
    if (newState !== "open" || button.current === null || list.current === null) return;
    const { top, bottom, right } = button.current.getBoundingClientRect();
    const { clientWidth, clientHeight } = document.documentElement;
    const { style } = list.current;
    style.right = `${Math.max(8, clientWidth - right)}px`;
    const opensDown = bottom + roomBelow < clientHeight;
    style.top = opensDown ? `${bottom + scrollY + 4}px` : "auto";
    style.bottom = opensDown ? "auto" : `${clientHeight - top - scrollY + 4}px`;
  };
  return (
    <>
      <button ref={button} type="button" className={styles.open} popoverTarget={id} aria-label={label}>
        <Icon name="more" />
      </button>
      <div
        ref={list}
        id={id}
        popover="auto"
        role="group"
        aria-label={label}
        className={styles.list}
        onBeforeToggle={place}
        onClick={({ target }) => {
          if (target instanceof Element && target.closest("button") !== null) list.current?.hidePopover();
        }}
      >
        {children}
      </div>
    </>
  );
}
