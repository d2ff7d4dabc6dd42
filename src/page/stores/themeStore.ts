import { createStore } from "zustand/vanilla";

export type ThemeChoice = "system" | "light" | "dark";

interface ThemeState {
  readonly choice: ThemeChoice;
  /** What is shown: the choice, or what the system prefers. */
  readonly shown: "light" | "dark";
}

const storageKey = "theme";

export const themeStore = createStore<ThemeState>(() => ({ choice: "system", shown: "light" }));

export function chooseTheme(choice: ThemeChoice): void {
  try {
    localStorage.setItem(storageKey, choice);
  } catch {
    // Storage is switched off; the choice lasts until the page closes.
  }
  show(choice);
}

/** Applies the remembered choice and follows the system from now on. */
export function followTheme(): void {
  let remembered: string | null = null;
  try {
    remembered = localStorage.getItem(storageKey);
  } catch {
    // As above.
  }
  darkPreference().addEventListener("change", () => show(themeStore.getState().choice));
  show(remembered === "light" || remembered === "dark" ? remembered : "system");
}

function show(choice: ThemeChoice): void {
  const preferred = darkPreference().matches ? "dark" : "light";
  const shown = choice === "system" ? preferred : choice;
  document.documentElement.dataset["theme"] = shown;
  themeStore.setState({ choice, shown });
}

function darkPreference(): MediaQueryList {
  return matchMedia("(prefers-color-scheme: dark)");
}
