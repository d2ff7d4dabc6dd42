import { useState } from "react";
import { Tab, TabList } from "react-aria-components/Tabs";
import { useStore } from "zustand";
import styles from "./App.module.css";
import { shareAddress } from "./followAddress.ts";
import { engineStore } from "../stores/engineStore.ts";
import { openStation } from "../stores/stationStore.ts";
import { notify } from "../stores/noticeStore.ts";
import { viewNames, type ViewName } from "../stores/viewStore.ts";
import type { ThemeChoice } from "../stores/themeStore.ts";
import { chooseTheme, themeStore } from "../stores/themeStore.ts";
import type { IconName } from "../widgets/Icon.tsx";
import { Icon } from "../widgets/Icon.tsx";
import { backendLabels } from "../stations/backendLabels.ts";

const tabs: Readonly<Record<ViewName, string>> = {
  train: "Train",
  ablation: "Ablation",
  runs: "Runs",
  explore: "Explore",
};

export function Header() {
  return (
    <header className={styles.header}>
      <h1 className={styles.name}>DisCo Playground</h1>
      <TabList className={styles.tabs ?? ""} aria-label="Views">
        {viewNames.map((view) => (
          <Tab key={view} id={view} className={styles.tab ?? ""} data-testid={`view-${view}`}>
            {tabs[view]}
          </Tab>
        ))}
      </TabList>
      <BackendBadge />
      <CopyLink />
      <ThemeToggle />
    </header>
  );
}

/** What computes, at a glance; leads to what says why. */
function BackendBadge() {
  const { status, report } = useStore(engineStore);
  const text =
    status === "opening"
      ? "trying backends …"
      : status === "ready" && report !== null
        ? `${backendLabels[report.chosen]} · ${report.adapter}`
        : "no engine";
  const light =
    status === "opening"
      ? ""
      : status !== "ready"
        ? styles.broken
        : report?.software === true
          ? styles.software
          : styles.ready;
  return (
    <button
      type="button"
      className={styles.badge}
      data-testid="backend-badge"
      aria-label={`Where training runs: ${text}`}
      onClick={() => openStation("machine")}
    >
      <span className={`${styles.dot} ${light}`} />
      <span>{text}</span>
    </button>
  );
}

function CopyLink() {
  const [copied, setCopied] = useState(false);
  const copy = async (): Promise<void> => {
    const address = shareAddress();
    try {
      await navigator.clipboard.writeText(address);
      setCopied(true);
      setTimeout(() => setCopied(false), 2000);
    } catch {
      notify("info", "The browser did not allow copying. This is the link:", { details: [address] });
    }
  };
  return (
    <button
      type="button"
      className={styles.icon}
      data-testid="copy-link"
      aria-label={`${copied ? "Copied" : "Share"}: a link to these settings`}
      onClick={() => void copy()}
    >
      <Icon name="link" />
      <span className={styles.wideOnly} aria-live="polite">
        {copied ? "Copied" : "Share"}
      </span>
    </button>
  );
}

const nextTheme: Readonly<Record<ThemeChoice, ThemeChoice>> = {
  system: "light",
  light: "dark",
  dark: "system",
};
const themeIcons: Readonly<Record<ThemeChoice, IconName>> = {
  system: "contrast",
  light: "sun",
  dark: "moon",
};

function ThemeToggle() {
  const choice = useStore(themeStore, (state) => state.choice);
  return (
    <button
      type="button"
      className={styles.icon}
      data-testid="theme"
      aria-label={`Theme: ${choice}. Switch to ${nextTheme[choice]}.`}
      onClick={() => chooseTheme(nextTheme[choice])}
    >
      <Icon name={themeIcons[choice]} />
    </button>
  );
}
