import { useState } from "react";
import { useStore } from "zustand";
import type { ConfigPatch } from "../../contract/config.ts";
import { changeSetting } from "../commands/changeSetting.ts";
import { useEngine } from "../engine/EngineContext.tsx";
import { configStore } from "../stores/configStore.ts";
import { changedSettings, describeChange, isApplied } from "../verdict/describeChange.ts";
import { useVerdict } from "../verdict/useVerdict.ts";
import styles from "./VerdictCard.module.css";

/** How the run goes, in words: the verdict, the numbers behind it, and one thing to try. */
export function VerdictCard() {
  const { kind, tone, headline, evidence, also, advice, change } = useVerdict();
  return (
    <section className={styles.card} data-tone={tone} data-kind={kind} aria-label="How it goes">
      <h2 className={styles.headline} data-testid="verdict">
        <span className={styles.mark} aria-hidden="true">
          {marks[tone]}
        </span>
        {headline}
      </h2>
      <p className={styles.evidence}>{evidence}</p>
      <p className={styles.also} data-testid="verdict-also">
        {also}
      </p>
      <div className={styles.advice}>
        <p>{advice}</p>
        {change === undefined ? null : <ApplyButton change={change} />}
      </div>
      <Announcement kind={kind} text={advice === "" ? `${headline}.` : `${headline}. ${advice}`} />
    </section>
  );
}

/** So that a tone is not told by colour alone. */
const marks = { neutral: "○", good: "●", warning: "▲", bad: "✕" } as const;

function ApplyButton({ change }: { readonly change: ConfigPatch }) {
  const engine = useEngine();
  const applied = useStore(configStore, ({ config }) => isApplied(change, config));
  return (
    <button
      type="button"
      data-testid="verdict-apply"
      disabled={applied}
      onClick={() => {
        for (const [name, value] of changedSettings(change)) void changeSetting(engine, name, value);
      }}
    >
      {applied ? "Done: it holds from the next start" : describeChange(change)}
    </button>
  );
}

/** For screen readers: spoken when the kind of verdict changes, not with every number. */
function Announcement({ kind, text }: { readonly kind: string; readonly text: string }) {
  const [said, setSaid] = useState({ kind, text: "" });
  if (said.kind !== kind) setSaid({ kind, text });
  return (
    <p className="visually-hidden" role="status">
      {said.text}
    </p>
  );
}
